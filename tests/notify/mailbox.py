#!/usr/bin/env python3
"""A mail server with TLS and a login, and a journal of what it took.

  mailbox.py PORT JOURNAL TLS CERTIFICATE KEY PASSWORD

PORT 0 picks one; "ready PORT" is printed once it listens. TLS is "starttls" (required), "implicit" or "none". With a
PASSWORD the user "spool" must log in. Each mail is one JSON line: envelope, headers and text as Python's parser
understands them, its complaints, and the longest line as it came.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

port, journal, tls, certificate, key, password = sys.argv[1:7]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)


class Mailbox:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        line = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "login": (session.auth_data or LoginPassword(b"", b"")).login.decode(),
            "tls": session.ssl is not None or tls == "implicit",
            "names": [name.lower() for name in mail.keys()],
            "subject": mail["subject"],
            "header_to": mail["to"],
            "id": mail["message-id"],
            "date": mail["date"].datetime.isoformat(),
            "defects": [str(defect) for defect in mail.defects] + [str(d) for v in mail.values() for d in v.defects],
            "text": mail.get_content().replace("\r\n", "\n"),
            "longest": max(len(part) for part in envelope.content.split(b"\r\n")),
            "bare": envelope.content.replace(b"\r\n", b"").count(b"\n") + envelope.content.replace(b"\r\n", b"").count(b"\r"),
        }
        with open(journal, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        return "250 taken"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 fine"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b"spool" and data.password == password.encode()
    return AuthResult(success=good, auth_data=data, handled=False)


def make_session():
    return SMTP(
        Mailbox(),
        hostname="localhost",
        tls_context=context if tls == "starttls" else None,
        require_starttls=tls == "starttls",
        auth_required=bool(password),
        auth_require_tls=tls == "starttls",
        authenticator=authenticate,
    )


async def main():
    server = await asyncio.get_running_loop().create_server(
        make_session, "127.0.0.1", int(port), ssl=context if tls == "implicit" else None
    )
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
