# Who Trove is when it asks other services for servers, volumes and networks.
#
# @param password the service user's password
# @param auth_url where it logs in
# @param region_name region of the services that it uses
# @param username the service user
# @param project_name the service user's project
# @param project_domain_name domain of the project
# @param user_domain_name domain of the user
class trove::service_credentials (
  $password,
  $auth_url            = 'http://127.0.0.1:5000',
  $region_name         = 'RegionOne',
  $username            = 'trove',
  $project_name        = 'services',
  $project_domain_name = 'Default',
  $user_domain_name    = 'Default',
) {
  include trove::deps

  trove_config {
    'service_credentials/auth_url':            value => $auth_url;
    'service_credentials/username':            value => $username;
    'service_credentials/password':            value => $password, secret => true;
    'service_credentials/project_name':        value => $project_name;
    'service_credentials/project_domain_name': value => $project_domain_name;
    'service_credentials/user_domain_name':    value => $user_domain_name;
    'service_credentials/region_name':         value => $region_name;
  }
}
