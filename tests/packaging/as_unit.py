#!/usr/bin/env python3
"""Runs what a systemd unit starts, in what the unit locks it in, as far as that goes without systemd.

  as_unit.py UNIT --prefix=FOLDER [KEY=VALUE…]   programs lie under FOLDER: limits and filters of system calls only
  as_unit.py UNIT --root=FOLDER [KEY=VALUE…]     as root: in that system, as the unit's user, with its mounts too

The filters are those of systemd itself: they come out of the library that it is made of. It is the service's manager:
it prints what the service tells it ("READY=1"), passes SIGTERM on to the main process only, as KillMode=mixed has it,
kills it after TimeoutStopSec, does ExecReload (not locked in) at SIGHUP, and ends with its status. KEY=VALUE is for the
environment, as a drop-in's would be.

Not done: cgroups, RestartSec, OOMPolicy, capabilities of files, anything of [Unit] and [Install].
"""

import argparse
import ctypes
import errno
import glob
import os
import pathlib
import re
import resource
import shlex
import signal
import socket
import subprocess
import sys
import time

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
PER_LINUX = 0
MNT_DETACH = 2
SYS_PIVOT_ROOT = {'x86_64': 155, 'aarch64': 41}[os.uname().machine]
SCMP_ACT_ALLOW, SCMP_ACT_ERRNO = 0x7FFF0000, 0x00050000
# systemd's flags of a filter's items
INVERT, ALLOW_LIST, PERMISSIVE = 1, 2, 8

# What is left to systemd. A setting that is neither here nor done below is an error.
LEFT_OUT = {'Type', 'Restart', 'RestartSec', 'OOMPolicy', 'TimeoutStartSec', 'KillMode', 'RemoveIPC',
            'ProtectControlGroups'}
# What in_child does.
IN_CHILD = {'User', 'Group', 'UMask', 'LimitNOFILE', 'StateDirectory', 'StateDirectoryMode', 'LogsDirectory',
            'LogsDirectoryMode', 'ConfigurationDirectory', 'ConfigurationDirectoryMode', 'ProtectSystem', 'ProtectHome',
            'PrivateTmp', 'ProtectProc', 'ProcSubset', 'PrivateUsers'}

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result < 0:
        # systemd's functions return what the C library puts into errno.
        code = -result if result < -1 else ctypes.get_errno() or errno.EPERM
        sys.exit(f'as_unit: {what}: {os.strerror(code)}')
    return result


class Unit:
    """The [Service] section: each key with its values in order."""

    def __init__(self, path):
        self.values, section = {}, None
        for line in pathlib.Path(path).read_text().splitlines():
            line = line.strip()
            if not line or line[0] in '#;':
                continue
            if line[0] == '[':
                section = line
            elif section == '[Service]':
                key, value = line.split('=', 1)
                self.values.setdefault(key, []).append(value)
        self.left = set(self.values) - LEFT_OUT

    def all(self, key):
        self.left.discard(key)
        return self.values.get(key, [])

    def get(self, key, default=''):
        return (self.all(key) or [default])[-1]

    def on(self, key, yes='yes'):
        """Whether it is set, to the one value that is known here."""
        value = self.get(key, 'no')
        if value not in (yes, 'no'):
            sys.exit(f'as_unit: {key}={value} is not known')
        return value == yes


def systemd_library():
    found = glob.glob('/usr/lib/*/systemd/libsystemd-shared-252.so')
    # Its functions are nobody else's business and may change with any version.
    if not found:
        sys.exit('as_unit: this wants the library of systemd 252 (Debian package systemd)')
    library = ctypes.CDLL(found[0])
    for name in ('_hashmap_new', '_set_new'):
        getattr(library, name).restype = ctypes.c_void_p
    return library


class Filters:
    """The unit's settings that systemd makes filters of system calls from, in its order."""

    def __init__(self, unit, library):
        self.library = library
        self.steps = []
        families = unit.get('RestrictAddressFamilies').split()
        if families:
            self.steps.append(('RestrictAddressFamilies', lambda: self._address_families(families)))
        for key, function, arguments in (
                ('MemoryDenyWriteExecute', 'seccomp_memory_deny_write_execute', []),
                ('RestrictRealtime', 'seccomp_restrict_realtime_full', [errno.EPERM]),
                ('RestrictSUIDSGID', 'seccomp_restrict_suid_sgid', []),
                ('ProtectKernelTunables', 'seccomp_protect_sysctl', []),
                ('ProtectKernelLogs', 'seccomp_protect_syslog', []),
                ('ProtectHostname', 'seccomp_protect_hostname', [])):
            if unit.on(key):
                self.steps.append((key, lambda f=function, a=arguments: getattr(library, f)(*a)))
        for key, name in (('ProtectKernelModules', '@module'), ('ProtectClock', '@clock'),
                          ('PrivateDevices', '@raw-io')):
            if unit.on(key):
                self.steps.append((key, lambda n=name: self._deny(n)))
        architectures = unit.get('SystemCallArchitectures')
        if architectures:
            if architectures != 'native':
                sys.exit(f'as_unit: SystemCallArchitectures={architectures} is not known')
            self.steps.append(('SystemCallArchitectures', self._native))
        if unit.on('LockPersonality'):
            self.steps.append(('LockPersonality', lambda: library.seccomp_lock_personality(ctypes.c_ulong(PER_LINUX))))
        calls = unit.all('SystemCallFilter')
        if calls:
            refusal = getattr(errno, unit.get('SystemCallErrorNumber'))
            self.steps.append(('SystemCallFilter', lambda: self._calls(calls, refusal)))
        if unit.on('RestrictNamespaces'):
            self.steps.append(('RestrictNamespaces', lambda: library.seccomp_restrict_namespaces(ctypes.c_ulong(0))))

    def install(self):
        for key, step in self.steps:
            check(step(), key)

    def _address_families(self, families):
        chosen = self.library._set_new(None)
        for name in families:
            family = check(self.library.af_from_name(name.encode()), name)
            check(self.library.set_put(ctypes.c_void_p(chosen), ctypes.c_void_p(family)), name)
        return self.library.seccomp_restrict_address_families(ctypes.c_void_p(chosen), ctypes.c_bool(True))

    def _native(self):
        chosen = self.library._set_new(None)
        check(self.library.set_put(ctypes.c_void_p(chosen), ctypes.c_void_p(1)), 'native')
        return self.library.seccomp_restrict_archs(ctypes.c_void_p(chosen))

    def _fill(self, calls, word, flags):
        name = ctypes.c_char_p(word.encode())
        check(self.library.seccomp_parse_syscall_filter(name, -1, calls, flags | PERMISSIVE, None, None, 0), word)

    def _deny(self, name):
        calls = ctypes.c_void_p(self.library._hashmap_new(None))
        self._fill(calls, name, 0)
        return self.library.seccomp_load_syscall_filter_set_raw(
            ctypes.c_uint32(SCMP_ACT_ALLOW), calls, ctypes.c_uint32(SCMP_ACT_ERRNO | errno.EPERM), ctypes.c_bool(False))

    def _calls(self, lines, refusal):
        if lines[0].startswith('~'):
            sys.exit('as_unit: the first SystemCallFilter= must say what is allowed')
        calls = ctypes.c_void_p(self.library._hashmap_new(None))
        for line in ['@default'] + lines:
            flags = ALLOW_LIST | (INVERT if line.startswith('~') else 0)
            for word in line.lstrip('~').split():
                self._fill(calls, word, flags)
        return self.library.seccomp_load_syscall_filter_set_raw(
            ctypes.c_uint32(SCMP_ACT_ERRNO | refusal), calls, ctypes.c_uint32(SCMP_ACT_ALLOW), ctypes.c_bool(False))


def mount(*arguments):
    subprocess.run(['mount', *arguments], check=True)


def mode_of(unit, key):
    return int(unit.get(key, '0755'), 8)


def make_mounts(unit, root, user, group):
    check(libc.unshare(CLONE_NEWNS), 'unshare mounts')
    mount('--make-rprivate', '/')
    mount('--bind', root, root)
    writable = []
    for key, parent, owned in (('StateDirectory', 'var/lib', True), ('LogsDirectory', 'var/log', True),
                               ('ConfigurationDirectory', 'etc', False)):
        for name in unit.get(key).split():
            folder = f'{root}/{parent}/{name}'
            mode = mode_of(unit, key + 'Mode')
            if not os.path.isdir(folder):
                os.mkdir(folder, mode)
            if owned:
                os.chown(folder, user, group)
                os.chmod(folder, mode)
                writable.append(folder)
    if unit.on('ProtectSystem', 'strict'):
        mount('-o', 'remount,bind,ro', root)
    for folder in writable:
        mount('--bind', folder, folder)
        mount('-o', 'remount,bind,rw', folder)
    if unit.on('PrivateTmp'):
        for folder in ('tmp', 'var/tmp'):
            mount('-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', f'{root}/{folder}')
    if unit.on('ProtectHome', 'tmpfs'):
        for folder in ('home', 'root'):
            mount('-t', 'tmpfs', '-o', 'mode=755,ro', 'tmpfs', f'{root}/{folder}')
    if unit.on('PrivateDevices'):
        mount('-t', 'tmpfs', '-o', 'mode=755,noexec', 'tmpfs', f'{root}/dev')
        for name in ('null', 'zero', 'full', 'random', 'urandom', 'tty'):
            device = os.stat(f'/dev/{name}')
            os.mknod(f'{root}/dev/{name}', 0o666 | 0o020000, device.st_rdev)
            os.chmod(f'{root}/dev/{name}', 0o666)
    options = f'hidepid={unit.get("ProtectProc", "default")},subset={unit.get("ProcSubset", "all")}'
    options = options.replace('hidepid=default', 'hidepid=off').replace(',subset=all', '')
    mount('-t', 'proc', '-o', options, 'proc', f'{root}/proc')
    mount('--rbind', '/sys', f'{root}/sys')
    mount('-o', 'remount,bind,ro', f'{root}/sys')


def enter_root(root):
    # Not chroot: no name space of users can be made in one.
    os.chdir(root)
    check(libc.syscall(SYS_PIVOT_ROOT, b'.', b'.'), 'pivot_root')
    check(libc.umount2(b'.', MNT_DETACH), 'umount')
    os.chdir('/')


def read_environment(unit, root):
    variables = {'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', 'LANG': 'C.UTF-8'}
    for line in unit.all('Environment'):
        variables.update(pair.split('=', 1) for pair in shlex.split(line))
    for path in unit.all('EnvironmentFile'):
        optional, path = path.startswith('-'), path.lstrip('-')
        file = pathlib.Path(root + path)
        if optional and not file.exists():
            continue
        for line in file.read_text().splitlines():
            if line.strip() and line.strip()[0] not in '#;':
                key, value = line.split('=', 1)
                variables[key.strip()] = ''.join(shlex.split(value))
    return variables


def seconds(text):
    count, unit = re.fullmatch(r'(\d+)\s*(s|min)?', text).groups()
    return int(count) * (60 if unit == 'min' else 1)


def enter_user_namespace(parent):
    check(libc.unshare(CLONE_NEWUSER), 'unshare users')
    parent.send(b'1')
    if parent.recv(1) != b'1':
        sys.exit('as_unit: no map of users')


def map_users(child, ids):
    for kind, number in zip(('uid_map', 'gid_map'), ids):
        pathlib.Path(f'/proc/{child}/{kind}').write_text(f'0 0 1\n{number} {number} 1\n')


def in_child(unit, filters, command, environment, root, ids, parent):
    os.umask(int(unit.get('UMask', '0022'), 8))
    count = unit.get('LimitNOFILE')
    if count:
        # Raising it is not everybody's right.
        allowed = min(int(count), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))
    if root:
        make_mounts(unit, root, *ids)
        enter_root(root)
        os.setgroups([ids[1]])
        if unit.on('PrivateUsers'):
            enter_user_namespace(parent)
        for capability in range(64):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        os.setresgid(ids[1], ids[1], ids[1])
        os.setresuid(ids[0], ids[0], ids[0])
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 'no_new_privs')
    filters.install()
    os.execve(command[0], command, environment)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('unit')
    parser.add_argument('--prefix', default='')
    parser.add_argument('--root', default='')
    parser.add_argument('variables', nargs='*')
    options = parser.parse_intermixed_args()
    unit = Unit(options.unit)
    root = options.root and os.path.realpath(options.root)
    filters = Filters(unit, systemd_library())
    if not unit.on('NoNewPrivileges') or unit.get('CapabilityBoundingSet', 'all'):
        sys.exit('as_unit: only units without privileges are run')
    command = shlex.split(unit.get('ExecStart'))
    command[0] = options.prefix + command[0]
    stop_seconds = seconds(unit.get('TimeoutStopSec'))
    reload_command = unit.get('ExecReload')
    environment = read_environment(unit, root or options.prefix)
    environment.update(pair.split('=', 1) for pair in options.variables)

    ids = None
    if root:
        accounts = {line.split(':')[0]: line.split(':') for line in
                    pathlib.Path(f'{root}/etc/passwd').read_text().splitlines()}
        groups = {line.split(':')[0]: line.split(':') for line in
                  pathlib.Path(f'{root}/etc/group').read_text().splitlines()}
        ids = int(accounts[unit.get('User')][2]), int(groups[unit.get('Group')][2])
    unit.left -= IN_CHILD
    if unit.left:
        sys.exit(f'as_unit: not known: {", ".join(sorted(unit.left))}')

    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    # In the abstract name space, which the mounts do not hide; systemd's own is a path. The kernel finds a free name: a
    # process id is free in its own name space only.
    notify.bind('')
    environment['NOTIFY_SOCKET'] = '@' + notify.getsockname()[1:].decode()
    ours, theirs = socket.socketpair()

    signals = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        ours.close()
        notify.close()
        try:
            in_child(unit, filters, command, environment, root, ids, theirs)
        except BaseException as problem:  # the parent's code must not run twice
            print(f'as_unit: {problem}', file=sys.stderr)
        os._exit(127)
    theirs.close()
    if root and unit.on('PrivateUsers') and ours.recv(1) == b'1':
        map_users(child, ids)
        ours.send(b'1')

    notify.settimeout(0.05)
    deadline = None
    while True:
        try:
            for line in notify.recv(4096).decode().splitlines():
                print(line, flush=True)
        except TimeoutError:
            pass
        received = signal.sigtimedwait(signals, 0)
        if received is not None and received.si_signo in (signal.SIGTERM, signal.SIGINT):
            os.kill(child, signal.SIGTERM)
            deadline = deadline or time.monotonic() + stop_seconds
        if received is not None and received.si_signo == signal.SIGHUP:
            subprocess.run([part.replace('$MAINPID', str(child)) for part in shlex.split(reload_command)], check=True)
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            sys.exit(os.waitstatus_to_exitcode(status) % 256)
        if deadline and time.monotonic() > deadline:
            print('as_unit: TimeoutStopSec is over', file=sys.stderr)
            os.kill(child, signal.SIGKILL)


main()
