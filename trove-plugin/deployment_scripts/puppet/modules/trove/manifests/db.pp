# Where Trove's database is.
#
# @param database_connection URL of the database
# @param database_connection_recycle_time seconds after which an idle connection is replaced
# @param database_max_pool_size connections kept open
# @param database_max_retries attempts at the start; -1 never gives up
# @param database_retry_interval seconds between them
class trove::db (
  $database_connection              = 'sqlite:////var/lib/trove/trove.sqlite',
  $database_connection_recycle_time = $facts['os_service_default'],
  $database_max_pool_size           = $facts['os_service_default'],
  $database_max_retries             = $facts['os_service_default'],
  $database_retry_interval          = $facts['os_service_default'],
) {
  include trove::deps

  trove_config {
    'database/connection':              value => $database_connection, secret => true;
    'database/connection_recycle_time': value => $database_connection_recycle_time;
    'database/max_pool_size':           value => $database_max_pool_size;
    'database/max_retries':             value => $database_max_retries;
    'database/retry_interval':          value => $database_retry_interval;
  }
}
