# The service is refreshed only when the file changes, which it does once.
file { '/etc/fault-bench/notifying.conf':
  content => "setting = 1\n",
}
~> service { 'cron':
  ensure => running,
  enable => true,
}
