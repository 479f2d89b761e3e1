file { '/etc/ten-tasks/step-04.conf':
  ensure  => file,
  content => "step 4\n",
}
