notice('PLUGIN: trove - service.pp')

# Trove's three services. The node with the role primary-trove also brings the schema up to date and registers the
# datastore; the others come after it.
$settings = hiera_hash('fuel-plugin-trove')
$trove = hiera_hash('trove')
$primary = 'primary-trove' in hiera('roles')

class { 'trove':
  default_transport_url       => $trove['transport_url'],
  notification_driver         => 'noop',
  nova_compute_endpoint_type  => 'internalURL',
  cinder_endpoint_type        => 'internalURL',
  neutron_endpoint_type       => 'internalURL',
  glance_endpoint_type        => 'internalURL',
  swift_endpoint_type         => 'internalURL',
  trove_endpoint_type         => 'internalURL',
}

class { 'trove::db':
  database_connection              => $trove['database_connection'],
  # Shorter than the load balancer's patience, so that a connection is never used after it was cut.
  database_connection_recycle_time => 3600,
  database_max_retries             => -1,
}

class { 'trove::logging':
  debug => $trove['debug'],
}

class { 'trove::keystone::authtoken':
  password             => $settings['trove_user_password'],
  auth_url             => $trove['identity_url'],
  www_authenticate_uri => $trove['identity_url'],
}

class { 'trove::service_credentials':
  password    => $settings['trove_user_password'],
  auth_url    => "${trove['identity_url']}/v3",
  region_name => $trove['region'],
}

class { 'trove::api':
  bind_host => $trove['bind_host'],
  bind_port => $trove['bind_port'],
  workers   => $trove['workers'],
}

class { 'trove::conductor':
  workers => $trove['workers'],
}

class { 'trove::taskmanager': }

if $primary {
  include trove::db::sync

  if $settings['trove_register_datastore'] {
    fuel_plugin_trove_datastore { "${settings['trove_datastore']}/${settings['trove_datastore_version']}":
      ensure     => present,
      api_url    => "http://${trove['bind_host']}:${trove['bind_port']}",
      image_tags => $settings['trove_image_tags'],
      require    => Anchor['trove::service::end'],
    }
  }
}
