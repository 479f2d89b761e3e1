#!/bin/bash
# Says by its exit code whether Trove's database has the newest schema of the installed Trove.
#
# usage: schema_is_current.sh /etc/trove/trove.conf
set -euo pipefail

# Undoes the %XX of a URL.
decoded() {
    local text=${1//\\/\\\\}
    printf '%b' "${text//%/\\x}"
}

connection=$(sed -n '/^\[database\]/,/^\[/s/^connection *= *//p' "$1" | tail -n 1)
case $connection in
    mysql*://*:*@*/*) ;;
    *) echo "only a MySQL database can be asked for its version" >&2; exit 1 ;;
esac

# mysql+pymysql://user:password@host:port/database?options
connection=${connection#*://}
login=${connection%@*}
place=${connection##*@}
address=${place%%/*}
database=${place#*/}
host=${address%%:*}
port=${address#"$host"}
port=${port#:}

present=$(MYSQL_PWD=$(decoded "${login#*:}") mysql --host="$host" --port="${port:-3306}" \
    --user="$(decoded "${login%%:*}")" --batch --skip-column-names \
    --execute='SELECT MAX(version) FROM migrate_version' "${database%%\?*}")
newest=$(dpkg --listfiles python3-trove | sed -n 's|.*/migrate_repo/versions/0*\([0-9]\{1,\}\)_.*\.py$|\1|p' | sort -n | tail -n 1)

if [ "$present" != "$newest" ]; then
    echo "the schema has version $present, Trove wants $newest" >&2
    exit 1
fi
