# Identity on a controller: listens on the node's own address (the VIPs' 5000 is HAProxy's), uses the database behind the
# management VIP, knows the environment's administrator, and shows its endpoints on the VIPs.
class osnailyfacter::keystone {
  $access = hiera_hash('access')
  $database_password = hiera_hash('keystone')['db_password']
  $vips = hiera_hash('network_metadata')['vips']
  $management_vip = $vips['management']['ipaddr']
  $public_vip = $vips['public']['ipaddr']
  $region = hiera('region', 'RegionOne')
  $bind = get_network_role_property('keystone/api', 'ipaddr')
  $primary = roles_include(['primary-keystone', 'primary-controller'])

  $internal_url = "http://${management_vip}:5000/v3"
  $public_url = "http://${public_vip}:5000/v3"

  file_line { 'keystone database':
    path  => '/etc/keystone/keystone.conf',
    line  => "connection = mysql+pymysql://keystone:${database_password}@${management_vip}:3306/keystone",
    match => '^connection = ',
  }
  file { '/etc/keystone/bind.env':
    ensure  => file,
    owner   => 'keystone',
    group   => 'keystone',
    mode    => '0640',
    content => "KEYSTONE_BIND=${bind}\n",
  }
  ~> exec { 'restart keystone':
    command     => 'systemctl restart keystone.service',
    path        => ['/usr/bin', '/bin'],
    refreshonly => true,
    subscribe   => File_line['keystone database'],
  }

  if $primary {
    # Asked over the network, as a client would: the command that sets all this up takes seconds and writes each time.
    $question = "ruby /etc/puppet/modules/osnailyfacter/files/keystone_ready.rb http://${bind}:5000/v3 ${internal_url} ${public_url} ${region}"
    $settings = [
      "OS_USERNAME=${access['user']}",
      "OS_PASSWORD=${access['password']}",
      "OS_PROJECT_NAME=${access['tenant']}",
    ]
    $words = [
      'keystone-manage bootstrap',
      '--bootstrap-username "$OS_USERNAME" --bootstrap-password "$OS_PASSWORD"',
      '--bootstrap-project-name "$OS_PROJECT_NAME" --bootstrap-role-name admin --bootstrap-service-name keystone',
      "--bootstrap-region-id ${region} --bootstrap-public-url ${public_url}",
      "--bootstrap-internal-url ${internal_url} --bootstrap-admin-url ${internal_url}",
    ]
    exec { 'bootstrap keystone':
      command     => "${words.join(' ')} && ${question}",
      unless      => $question,
      environment => $settings,
      user        => 'keystone',
      path        => ['/usr/bin', '/bin'],
      provider    => 'shell',
      tries       => 5,
      try_sleep   => 1,
      require     => Exec['restart keystone'],
    }
  }

  # What an administrator sources before talking to the cloud.
  $openrc = [
    '#!/bin/sh',
    "export OS_PROJECT_NAME='${access['tenant']}'",
    "export OS_USERNAME='${access['user']}'",
    "export OS_PASSWORD='${access['password']}'",
    "export OS_AUTH_URL='${internal_url}'",
    "export OS_AUTH_STRATEGY='keystone'",
    "export OS_REGION_NAME='${region}'",
    "export OS_IDENTITY_API_VERSION='3'",
    "export OS_USER_DOMAIN_ID='default'",
    "export OS_PROJECT_DOMAIN_ID='default'",
    "export OS_ENDPOINT_TYPE='internalURL'",
  ]
  file { '/root/openrc':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0600',
    content => "${openrc.join("\n")}\n",
  }
}
