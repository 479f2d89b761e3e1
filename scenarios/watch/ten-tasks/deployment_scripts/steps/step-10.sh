#!/bin/sh
# Written anew only where it is not as it should be; the diary outside of what is compared counts the runs.
set -e
mkdir -p /etc/ten-tasks
echo step-10 >>/var/log/ten-tasks.log
grep -qs '^10$' /etc/ten-tasks/step-10.conf || echo 10 >/etc/ten-tasks/step-10.conf
