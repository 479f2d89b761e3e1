file { '/etc/ten-tasks/step-08.conf':
  ensure  => file,
  content => "step 8\n",
}
