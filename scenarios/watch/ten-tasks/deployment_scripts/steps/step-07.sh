#!/bin/sh
# Written anew only where it is not as it should be; the diary outside of what is compared counts the runs.
set -e
mkdir -p /etc/ten-tasks
echo step-07 >>/var/log/ten-tasks.log
grep -qs '^7$' /etc/ten-tasks/step-07.conf || echo 7 >/etc/ten-tasks/step-07.conf
