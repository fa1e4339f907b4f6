# What the lines of shell in traps may use. The input is $in, the output $out, room for more $dir.

picture='-f lavfi -i testsrc2=s=128x72:r=20:d=1'
tone='-f lavfi -i sine=440:r=48000:d=1'
h264='-c:v libx264 -preset ultrafast -pix_fmt yuv420p'
# quarters of red and lime over blue and white
corners='color=red:s=128x64:r=10:d=0.3,drawbox=x=64:w=64:h=32:c=lime:t=fill,drawbox=y=32:w=64:h=32:c=blue:t=fill,
  drawbox=x=64:y=32:w=64:h=32:c=white:t=fill'
# white, grey and red beside each other
three='color=white:s=192x64:r=10:d=0.3,drawbox=x=64:w=64:c=gray:t=fill,drawbox=x=128:w=64:c=red:t=fill'

ff() { ffmpeg -nostdin -v error -y "$@"; }

# matrix A B C D: writes how an MP4's picture is turned, in -1, 0 and 1, to where its first track's header has it
matrix() {
  at=$(($(grep -obUa tkhd "$in" | head -n 1 | cut -d: -f1) + 44))
  for number in "$1" "$2" 0 "$3" "$4"; do
    case $number in
      1) printf '\000\001\000\000' ;;
      -1) printf '\377\377\000\000' ;;
      0) printf '\000\000\000\000' ;;
    esac
  done | dd of="$in" bs=1 seek="$at" conv=notrunc status=none
}

# exif NUMBER FILE: the JPEG with that orientation
exif() {
  printf '\377\330\377\341\000\042Exif\000\000II*\000\010\000\000\000\001\000\022\001\003\000\001\000\000\000'
  printf "\\0$(printf %o "$1")\\000\\000\\000\\000\\000\\000\\000"
  tail -c +3 "$2"
}

# png WIDTH HEIGHT: says that it is so large (four bytes each, in octal) and holds next to nothing
png() {
  printf '\211PNG\r\n\032\n\000\000\000\015IHDR'
  printf "$1$2"
  printf '\010\002\000\000\000\000\000\000\000\000\000\000\012IDAT\170\234\143\000\000\000\001\000\001'
  printf '\000\000\000\000\000\000\000\000IEND\256B`\202'
}

# say STREAM ENTRIES [FILE]: what ffprobe says
say() { ffprobe -v error -select_streams "$1" -show_entries "$2" -of csv=p=0 "${3-$out}"; }

# frames [STREAM]: how many can be decoded
frames() {
  ffprobe -v error -count_frames -select_streams "${1-v:0}" -show_entries stream=nb_read_frames -of csv=p=0 "$out"
}

duration() { ffprobe -v error -show_entries format=duration -of csv=p=0 "${1-$out}"; }

# moments STREAM FILE: of its packets, in order of presentation
moments() { say "$1" packet=pts_time "$2" | sort -n; }

# begin STREAM [FILE]: when its first frame is shown or heard
begin() {
  ffprobe -v error -select_streams "$1" -show_entries frame=pts_time -of csv=p=0 "${2-$out}" |
    sed -n 's/^\([-0-9.][-0-9.]*\).*/\1/p' | sort -n | head -n 1
}

# late [FILE]: how long the sound begins after the picture
late() { echo "$(begin a:0 "${1-$out}") $(begin v:0 "${1-$out}")" | awk '{ print $1 - $2 }'; }

# drift: frames, and the most by which one lies elsewhere than in the input, counted from the first, in seconds
drift() {
  moments v:0 "$in" >"$dir/in.times"
  moments v:0 "$out" >"$dir/out.times"
  paste "$dir/in.times" "$dir/out.times" | awk '
    NR == 1 { a = $1; b = $2 }
    { d = $1 - a - ($2 - b); if (d < 0) d = -d; if (d > most) most = d }
    END { printf "%d frames, %.3f\n", NR, most }'
}

# pixels WxH [FILTERS]: the first frame brought down to so many pixels, each as r g b from 0 to 255
pixels() {
  ff -i "$out" -frames:v 1 -vf "${2-null},format=rgb24,scale=${1%x*}:${1#*x}:flags=area" -f rawvideo - |
    od -An -v -tu1 -w3
}

# quarters: the colours of the four quarters: r g b, c m y, k w
quarters() {
  pixels 2x2 | awk '
    { printf "%s", substr("kbgcrmyw", ($1 > 127) * 4 + ($2 > 127) * 2 + ($3 > 127) + 1, 1) }
    END { print "" }'
}

# psnr [FILTERS]: of the output, in dB, against the input as the filters leave it
psnr() {
  ffmpeg -nostdin -v info -i "$out" -i "$in" -lavfi "[1]${1-null}[b];[0][b]psnr" -f null - 2>&1 |
    sed -n 's/.*average:\([0-9.inf]*\).*/\1/p'
}

# loudness CHANNEL: of the first sound stream, in dB
loudness() {
  ffmpeg -nostdin -v info -i "$out" -map a:0 -af "pan=mono|c0=$1,volumedetect" -f null - 2>&1 |
    sed -n 's/.*mean_volume: \(.*\) dB/\1/p'
}

# shift_of STREAM: how much later than in the input it begins, against the picture
shift_of() {
  echo "$(begin "$1") $(begin v:0) $(begin "$1" "$in") $(begin v:0 "$in")" | awk '{ print $1 - $2 - ($3 - $4) }'
}

# combs FILE: frames that are seen to be interlaced
combs() {
  ffmpeg -nostdin -v info -i "$1" -vf idet -f null - 2>&1 | sed -n 's/.*Multi frame.*TFF: *\([0-9]*\).*/\1/p'
}
