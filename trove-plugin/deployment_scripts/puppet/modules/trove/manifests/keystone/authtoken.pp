# How Trove's API checks the tokens of those who call it.
#
# @param password the service user's password
# @param username the service user
# @param project_name the service user's project
# @param auth_url where Trove itself logs in
# @param www_authenticate_uri where callers without a token are sent
# @param auth_type how Trove logs in
# @param user_domain_name domain of the user
# @param project_domain_name domain of the project
# @param region_name region of the identity service
# @param memcached_servers where checked tokens are remembered
# @param insecure whether certificates go unchecked
class trove::keystone::authtoken (
  $password,
  $username             = 'trove',
  $project_name         = 'services',
  $auth_url             = 'http://localhost:5000',
  $www_authenticate_uri = 'http://localhost:5000',
  $auth_type            = 'password',
  $user_domain_name     = 'Default',
  $project_domain_name  = 'Default',
  $region_name          = $facts['os_service_default'],
  $memcached_servers    = $facts['os_service_default'],
  $insecure             = $facts['os_service_default'],
) {
  include trove::deps

  trove_config {
    'keystone_authtoken/password':             value => $password, secret => true;
    'keystone_authtoken/username':             value => $username;
    'keystone_authtoken/project_name':         value => $project_name;
    'keystone_authtoken/auth_url':             value => $auth_url;
    'keystone_authtoken/www_authenticate_uri': value => $www_authenticate_uri;
    'keystone_authtoken/auth_type':            value => $auth_type;
    'keystone_authtoken/user_domain_name':     value => $user_domain_name;
    'keystone_authtoken/project_domain_name':  value => $project_domain_name;
    'keystone_authtoken/region_name':          value => $region_name;
    'keystone_authtoken/memcached_servers':    value => join(any2array($memcached_servers), ',');
    'keystone_authtoken/insecure':             value => $insecure;
  }
}
