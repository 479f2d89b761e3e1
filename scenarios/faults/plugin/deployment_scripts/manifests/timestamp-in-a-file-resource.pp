file { '/etc/fault-bench/generated.conf':
  content => generate('/bin/date', '+written %s%N'),
}
