exec { 'append':
  command => '/bin/sh -c "echo option >> /etc/fault-bench/appended-by-puppet"',
}
