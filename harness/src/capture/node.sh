# Prints the state of a machine: sections, each headed by NUL MARK:name NUL, all of it gzip-ed and base64-ed.
#
# Run as `sh -c THIS sh [observer command]…`; the environment says the rest:
#   FUELRIG_MARK    a string that occurs nowhere else, to head the sections with
#   FUELRIG_ROOT    where the tree begins ("" on a node, a directory in tests)
#   FUELRIG_SINCE   "" for everything, or seconds.nanoseconds: only what changed after it; with a system that is
#                   "timeless", "" for no directories
#   FUELRIG_TREES   "": walk the root; or subtrees to walk in full, one a line, and nothing else is told; or "none"
#   FUELRIG_READ    directories whose files are read at a first capture, one a line
#   FUELRIG_UNREAD  directories whose files are listed but never read, one a line
#   FUELRIG_SMALL   files up to this many bytes are sent whole,
#   FUELRIG_LARGEST the others up to this many bytes are hashed on the spot
#   FUELRIG_SYSTEM  "yes": not files alone; "timeless": only what bears no time of its own
#   FUELRIG_PATIENCE seconds that an observer may take
# It runs on dash and bash and leaves nothing behind. Every option is one that Ubuntu 14.04 (findutils 4.4.2, coreutils
# 8.21, iproute2 3.12, no systemd), CentOS 7 (4.5.11, 8.22, systemd 219) and Ubuntu 16.04 have. Beyond find, xargs and
# coreutils nothing has to be there: what cannot be seen without it is told as unseen.
export LC_ALL=C
mark=$FUELRIG_MARK root=$FUELRIG_ROOT since=$FUELRIG_SINCE trees=$FUELRIG_TREES
small=$FUELRIG_SMALL largest=$FUELRIG_LARGEST system=$FUELRIG_SYSTEM patience=$FUELRIG_PATIENCE
read_list=$FUELRIG_READ unread_list=$FUELRIG_UNREAD
unset FUELRIG_MARK FUELRIG_ROOT FUELRIG_SINCE FUELRIG_TREES FUELRIG_SMALL FUELRIG_LARGEST FUELRIG_SYSTEM \
    FUELRIG_PATIENCE FUELRIG_READ FUELRIG_UNREAD
nl='
'
# One line of numbers and two NUL-ended strings: a name may hold any other byte.
record='%y %m %U %G %s %T@ %C@ %i %n\0%p\0%l\0'

for tool in find xargs base64 cat mktemp rm wc; do
    command -v $tool >/dev/null 2>&1 || { echo "$tool is not there" >&2; exit 69; }
done
umask 077
work=$(mktemp -d /run/fuelrig-capture.XXXXXX 2>/dev/null || mktemp -d) || exit 70
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
for list in small large moved directories changed times names attributes walk.errors; do : >"$work/$list"; done

section() { printf '\0%s:%s\0' "$mark" "$1"; }
have() { command -v "$1" >/dev/null 2>&1; }
pack() { if have gzip; then gzip -1; else cat; fi; }

# The arguments of find are built up in "$@", the one list that every shell has.
walk() {
    if [ -n "$trees" ]; then
        IFS=$nl
        for tree in $trees; do set -- "$@" "$tree"; done
        unset IFS
    elif [ -n "$root" ]; then
        set -- "$root"
    else
        set -- /
        # File systems that hold data and are mounted below the root are part of the machine (a container's volumes).
        # Single files that are mounted (/etc/hosts in a container) are found in the walk of the root.
        while read -r _ where kind _; do
            case $kind in ext2 | ext3 | ext4 | xfs | btrfs | zfs | overlay | fuse.fuse-overlayfs) ;; *) continue ;; esac
            case $where in / | /proc/* | /sys/* | /dev/* | /run/* | *\\*) continue ;; esac
            if [ -d "$where" ]; then set -- "$@" "$where"; fi
        done </proc/mounts
    fi
    set -- "$@" -xdev \( -path "$root/proc" -o -path "$root/sys" -o -path "$root/dev" -o -path "$root/run" \
        -o -path "$work" \) -prune -o
    if [ -n "$since" ]; then set -- "$@" -newerct "@$since"; fi
    set -- "$@" -printf "$record"
    if [ -n "$since" ]; then set -- "$@" \( -type d -fprint0 "$work/directories" -o -true \); fi
    set -- "$@" \( ! -type l
    if [ -z "$since$trees" ]; then
        IFS=$nl
        set -- "$@" \( -false
        for directory in $read_list; do set -- "$@" -o -path "$root$directory/*"; done
        set -- "$@" \)
        unset IFS
    fi
    set -- "$@" -fprint0 "$work/attributes" -o -true \)

    # From here on: regular files, and which of them are to be read how.
    set -- "$@" -type f
    if [ -n "$since$trees" ]; then set -- "$@" -fprint0 "$work/moved"; fi
    set -- "$@" -size +0c -size "-$((largest + 1))c"
    IFS=$nl
    for directory in $unread_list; do set -- "$@" ! -path "$root$directory/*"; done
    if [ -z "$since$trees" ]; then
        set -- "$@" \( -false
        for directory in $read_list; do set -- "$@" -o -path "$root$directory/*"; done
        set -- "$@" \)
    fi
    unset IFS
    # What packages put under /usr is hashed on the spot: as text it would only swell the answer.
    set -- "$@" \( -size "-$((small + 1))c" \( ! -path "$root/usr/*" -o -path "$root/usr/local/*" \) \
        -fprint0 "$work/small" -o -fprint0 "$work/large" \)
    find "$@"
}

# What has no time of its own: only a look between two tasks tells which of them it was.
timeless_state() {
    section units.active
    [ -d /run/systemd/system ] && systemctl list-units --no-legend --plain --state=active
    section sockets.ss
    # Without the line of headings; older ones have no option for that.
    have ss && ss -lntup | tail -n +2
    section sockets.proc
    have ss || grep -H '' /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6
    section mounts
    cat /proc/self/mountinfo
    section addresses
    have ip && ip -o address show
    section routes
    if have ip; then ip route show table all; ip -6 route show table all; else cat /proc/net/route; fi
    section rules
    have ip && { ip rule show; ip -6 rule show | while IFS= read -r rule; do echo "inet6 $rule"; done; }
    section iptables
    have iptables-save && iptables-save
    section ip6tables
    have ip6tables-save && ip6tables-save
    section nft
    have nft && nft -s list ruleset
    section sysctl
    find /proc/sys -type f -perm -600 ! -name ns_last_pid -print0 | xargs -0 -r grep -asH ''
}

# Directories that changed below those whose files are read, each with its time, and what is in them now.
changed_directories() {
    set --
    IFS=$nl
    for directory in $read_list; do
        if [ -d "$root$directory" ]; then set -- "$@" "$root$directory"; fi
    done
    if [ $# -gt 0 ]; then
        set -- "$@" -xdev \( -false
        for directory in $unread_list; do set -- "$@" -o -path "$root$directory"; done
        unset IFS
        # The name of a directory tells that it is one, so nothing else is asked for its times.
        find "$@" \) -prune -o -type d -newerct "@$since" -printf '%C@ %p\0' -fprint0 "$work/changed" >"$work/times"
        xargs -0 -r sh -c 'exec find "$@" -mindepth 1 -maxdepth 1 -printf "%p\0"' sh <"$work/changed" >"$work/names"
    fi
    unset IFS
    [ "$(wc -c <"$work/names")" -le 4194304 ] || return 0
    section directories
    cat "$work/times"
    section directories.names
    cat "$work/names"
    section directories.looked
    echo all
}

system_state() {
    section packages.dpkg
    have dpkg-query && dpkg-query -W -f '${Package}\t${Architecture}\t${Version}\t${db:Status-Abbrev}\n'
    section units
    : >"$work/units"
    [ -d /run/systemd/system ] && systemctl show '*.service' '*.socket' '*.timer' '*.path' \
        -p Id -p ActiveState -p SubState -p UnitFileState -p MainPID -p NRestarts \
        -p ExecMainStartTimestampMonotonic -p ActiveEnterTimestampMonotonic -p InactiveEnterTimestampMonotonic \
        >"$work/units"
    cat "$work/units"
    section passwd
    cat /etc/passwd
    section group
    cat /etc/group
    section processes.stat
    grep -aH '' /proc/[0-9]*/stat
    section processes.status
    grep -aH '^Uid:' /proc/[0-9]*/status
    section processes.cgroup
    grep -aH '' /proc/[0-9]*/cgroup
    section processes.cmdline
    grep -azZH '' /proc/[0-9]*/cmdline
}

# After the walk: asking rpm touches its database, whose time tells when packages changed.
rpm_packages() {
    section packages.rpm
    if ! have dpkg-query && have rpm; then
        rpm -qa --qf '%{NAME}\t%{ARCH}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\tii\t%{INSTALLTIME}\n'
    fi
}

# What this machine lacks the tools for; a line for each thing that nobody will see.
unseen() {
    section unseen
    have dpkg-query || have rpm || echo 'packages: neither dpkg-query nor rpm is there'
    if ! [ -d /run/systemd/system ]; then
        echo 'services: systemd does not run'
    elif ! [ -s "$work/units" ]; then
        echo 'services: systemctl does not tell of them (before systemd 209 it takes no patterns)'
    fi
    have grep || echo 'processes and kernel parameters: grep is not there'
    have sha256sum || echo 'the content of files that are large or lie under /usr: sha256sum is not there'
    have tar || echo 'what small files hold, line by line: tar is not there'
    have tar || have sha256sum || echo 'the content of small files: neither tar nor sha256sum is there'
    [ $# -eq 0 ] || have timeout || echo 'whether observers end in time: timeout is not there'
    have ss || have grep || echo 'listening sockets: neither ss nor grep is there'
    have ss || echo 'the programs that hold listening sockets: ss is not there'
    have ip || echo 'addresses and routing rules: ip is not there'
    have iptables-save || have nft || echo 'packet filter rules: neither iptables-save nor nft is there'
    have getfattr || have python3 || echo 'extended attributes and access control lists: neither getfattr nor python3 is there'
    have getcap || have getfattr || have python3 || echo 'file capabilities: getcap is not there'
}

# NUL-ended names of files to lines `path NUL name NUL value-in-hexadecimal NUL`.
attributes() {
    if have getfattr; then
        echo getfattr
        xargs -0 -r getfattr -h -d -m - -e hex --absolute-names 2>/dev/null
    elif have python3; then
        echo python3
        python3 -I -S -c '
import os, sys
out = sys.stdout.buffer
for path in sys.stdin.buffer.read().split(b"\0"):
    try:
        for name in os.listxattr(path, follow_symlinks=False) if path else ():
            value = os.getxattr(path, name, follow_symlinks=False)
            out.write(b"%s\0%s\0%s\0" % (path, os.fsencode(name), value.hex().encode()))
    except OSError:
        pass
' 2>/dev/null
    fi
}

tell() {
    section meta
    # The kernel's stamp of a new file is the clock that ctimes are read from, and with it nothing has to be started
    # between the two readings.
    : >"$work/now"
    read -r uptime _ </proc/uptime
    printf 'taken %s\n' "$(find "$work/now" -printf '%C@')"
    printf 'uptime %s\n' "$uptime"
    printf 'ticks %s\n' "$(getconf CLK_TCK 2>/dev/null || echo 100)"
    printf 'pid %s\n' $$

    # First, before this script itself runs for long: what is running.
    case $system in
        yes) system_state 2>/dev/null; timeless_state 2>/dev/null; unseen "$@" ;;
        timeless)
            timeless_state 2>/dev/null
            if [ -n "$since" ]; then changed_directories 2>/dev/null; fi
            ;;
    esac

    section files
    if [ "$trees" != none ]; then walk 2>"$work/walk.errors"; fi
    section children
    xargs -0 -r sh -c 'record=$1; shift; exec find "$@" -mindepth 1 -maxdepth 1 -printf "$record"' sh "$record" \
        <"$work/directories" 2>/dev/null
    section walk.errors
    cat "$work/walk.errors"
    section hashes
    if ! have tar; then cat "$work/small" >>"$work/large"; fi
    xargs -0 -r sha256sum <"$work/large" 2>/dev/null
    section contents
    if [ -s "$work/small" ] && have tar; then
        tar -c -P -f - --format=gnu --hard-dereference --no-recursion --null -T "$work/small" 2>/dev/null
    fi
    section capabilities
    if have getcap; then
        echo looked
        if [ -n "$since$trees" ]; then
            xargs -0 -r getcap <"$work/moved"
        else
            for directory in bin sbin usr/bin usr/sbin usr/lib usr/libexec usr/local opt home root srv \
                var/lib; do
                if [ -d "$root/$directory" ] && ! [ -L "$root/$directory" ]; then getcap -r "$root/$directory"; fi
            done
        fi 2>/dev/null
    fi
    section attributes
    attributes <"$work/attributes"
    if [ "$system" = yes ]; then rpm_packages 2>/dev/null; fi
    number=0
    for command in "$@"; do
        section "observer.$number"
        if have timeout; then set -- timeout "$patience" sh -c "$command"; else set -- sh -c "$command"; fi
        "$@" </dev/null 2>"$work/observer.errors"
        code=$?
        section "observer.$number.code"
        echo $code
        section "observer.$number.errors"
        head -c 4096 "$work/observer.errors"
        number=$((number + 1))
    done
    section end
}

tell "$@" | pack | base64 -w 0
