# A lie: the guard itself does the work, so Puppet reports nothing.
exec { 'register':
  command => '/bin/false',
  unless  => '/bin/sh -c "date +%s%N > /etc/fault-bench/registered"',
}
