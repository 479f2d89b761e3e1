file { '/etc/cost.conf':
  content => "workers = 2\n",
}

file { '/etc/systemd/system/cost.service':
  content => "[Service]\nExecStart=/bin/sleep infinity\n",
}

service { 'cost':
  ensure    => running,
  provider  => systemd,
  subscribe => File['/etc/systemd/system/cost.service'],
}
