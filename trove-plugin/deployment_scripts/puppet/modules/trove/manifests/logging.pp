# Logs of Trove's services.
#
# @param debug whether they are verbose
# @param use_syslog whether they go to syslog
# @param use_stderr whether they go to the journal
# @param syslog_log_facility facility in syslog
# @param log_dir directory of log files
class trove::logging (
  $debug               = $facts['os_service_default'],
  $use_syslog          = $facts['os_service_default'],
  $use_stderr          = $facts['os_service_default'],
  $syslog_log_facility = $facts['os_service_default'],
  $log_dir             = '/var/log/trove',
) {
  include trove::deps

  trove_config {
    'DEFAULT/debug':               value => $debug;
    'DEFAULT/use_syslog':          value => $use_syslog;
    'DEFAULT/use_stderr':          value => $use_stderr;
    'DEFAULT/syslog_log_facility': value => $syslog_log_facility;
    'DEFAULT/log_dir':             value => $log_dir;
  }
}
