# Trove in the identity service: its user with its role, its service, its endpoints.
#
# @param password the user's password
# @param auth_name the user
# @param email the user's address
# @param tenant the project that the user belongs to
# @param roles the user's roles in it
# @param configure_endpoint whether endpoints are kept
# @param configure_user whether the user is kept
# @param configure_user_role whether the user's roles are kept
# @param service_name name of the service
# @param service_type type of the service, by which clients find it
# @param service_description what people read
# @param region region of the endpoints
# @param public_url endpoint for users
# @param internal_url endpoint for other services
# @param admin_url endpoint for administrators
class trove::keystone::auth (
  $password,
  $auth_name           = 'trove',
  $email               = 'trove@localhost',
  $tenant              = 'services',
  $roles               = ['admin'],
  $configure_endpoint  = true,
  $configure_user      = true,
  $configure_user_role = true,
  $service_name        = 'trove',
  $service_type        = 'database',
  $service_description = 'Trove Database Service',
  $region              = 'RegionOne',
  $public_url          = 'http://127.0.0.1:8779/v1.0/%(tenant_id)s',
  $internal_url        = 'http://127.0.0.1:8779/v1.0/%(tenant_id)s',
  $admin_url           = 'http://127.0.0.1:8779/v1.0/%(tenant_id)s',
) {
  $user_properties = $configure_user ? {
    true    => { 'password' => $password, 'email' => $email },
    default => {},
  }
  $role_properties = $configure_user_role ? {
    true    => { 'roles' => $roles },
    default => {},
  }
  $endpoint_properties = $configure_endpoint ? {
    true    => {
      'service_name' => $service_name,
      'description'  => $service_description,
      'public_url'   => $public_url,
      'internal_url' => $internal_url,
      'admin_url'    => $admin_url,
    },
    default => {},
  }

  fuel_plugin_trove_identity { $auth_name:
    ensure       => present,
    project      => $tenant,
    service_type => $service_type,
    region       => $region,
    *            => $user_properties + $role_properties + $endpoint_properties,
  }
}
