#!/bin/sh
# Written anew only where it is not as it should be; the diary outside of what is compared counts the runs.
set -e
mkdir -p /etc/ten-tasks
echo step-09 >>/var/log/ten-tasks.log
grep -qs '^9$' /etc/ten-tasks/step-09.conf || echo 9 >/etc/ten-tasks/step-09.conf
