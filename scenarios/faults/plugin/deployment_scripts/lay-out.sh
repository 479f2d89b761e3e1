#!/bin/bash
# Lays out what the other tasks work on. Does everything only once.
set -euo pipefail
etc=/etc/fault-bench lib=/var/lib/fault-bench
[ ! -e $etc/laid-out ] || exit 0

mkdir -p $etc/tree/below $lib/shared/generation.1 /opt/fault-bench
echo here > $lib/shared/here
echo first > $etc/tree/a
echo second > $etc/tree/below/b
for file in history guarded sed.conf stamp token touched; do echo begun > $etc/$file; done
echo 00000000 > $etc/same-size
for file in mode owner same attributes linked linked-once; do echo $file > $lib/$file; done
chmod 600 $lib/mode $lib/same
chown daemon:daemon $lib/same
ln -s one $lib/link
ln $lib/linked $lib/linked-too
ln $lib/linked-once $lib/linked-once-too
cp /bin/true $lib/capable

# unit NAME COMMAND
unit() {
    cat >"/etc/systemd/system/fault-bench-$1.service" <<END
[Unit]
Description=fault bench: $1
[Service]
ExecStart=$2
[Install]
WantedBy=multi-user.target
END
}
unit restarted '/bin/sleep infinity'
unit guarded '/bin/sleep infinity'
unit toggled '/bin/sleep infinity'
unit stopped '/bin/sleep infinity'
unit listener "/bin/sh -c 'exec nc -lk 127.0.0.1 \$\$(cat $lib/port)'"
# Writes its own state all the time; the scenario says so under `ignore`.
unit daemon "/bin/sh -c 'while :; do date +%%s%%N > $lib/daemon.state; sleep 0.2; done'"
echo 'setting = 1' > $etc/service.conf
systemctl daemon-reload
systemctl start fault-bench-restarted fault-bench-daemon

# package NAME
package() {
    work=$(mktemp -d)
    mkdir -p "$work/DEBIAN" "$work/usr/share/$1"
    printf 'Package: %s\nVersion: 1.0\nArchitecture: all\nMaintainer: fuelrig <none@example.com>\nDescription: fault bench\n' \
        "$1" >"$work/DEBIAN/control"
    echo content >"$work/usr/share/$1/file"
    chmod -R u=rwX,go=rX "$work"
    dpkg-deb --root-owner-group -b "$work" "/opt/fault-bench/$1.deb"
    rm -r "$work"
}
package bench-reinstalled
package bench-once

mysql -e 'CREATE DATABASE fault_bench'
mysql fault_bench -e 'CREATE TABLE deployments (id INT AUTO_INCREMENT PRIMARY KEY, what TEXT);
    CREATE TABLE settings (name VARCHAR(64) PRIMARY KEY, value TEXT)'

touch $etc/laid-out
