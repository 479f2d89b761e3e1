#!/bin/sh
# Written anew only where it is not as it should be; the diary outside of what is compared counts the runs.
set -e
mkdir -p /etc/ten-tasks
echo step-01 >>/var/log/ten-tasks.log
grep -qs '^1$' /etc/ten-tasks/step-01.conf || echo 1 >/etc/ten-tasks/step-01.conf
