# A notify resource changes at every run by its nature, and with it goes whatever it refreshes.
notify { 'deploying': }
~> exec { 'note the deployment':
  command     => '/bin/sh -c "echo deployed >> /etc/fault-bench/refreshed"',
  refreshonly => true,
}
