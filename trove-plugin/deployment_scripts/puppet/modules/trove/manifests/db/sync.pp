# Brings the database's schema up to date where it is behind.
#
# @param extra_params words for `trove-manage`, before its command
# @param db_sync_timeout seconds
class trove::db::sync (
  $extra_params    = undef,
  $db_sync_timeout = 300,
) {
  include trove::deps
  include trove::params

  # Asked, not assumed from what changed in this run: a run that broke off half-way is finished by the next.
  $question = "${module_directory('trove')}/files/schema_is_current.sh"

  exec { 'trove-db-sync':
    command   => "trove-manage ${extra_params} db_sync",
    unless    => "bash ${question} /etc/trove/trove.conf",
    path      => ['/usr/bin', '/bin'],
    # Not as trove itself: the plugin's directory is root's alone. trove-manage logs to stderr only.
    cwd       => '/',
    try_sleep => 5,
    tries     => 10,
    timeout   => $db_sync_timeout,
    logoutput => on_failure,
    require   => Anchor['trove::dbsync::begin'],
    notify    => Anchor['trove::dbsync::end'],
    tag       => 'openstack-db',
  }
}
