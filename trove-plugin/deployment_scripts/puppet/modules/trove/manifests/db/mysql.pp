# Trove's database in MySQL or MariaDB, and the user that owns it.
#
# @param password the user's password
# @param dbname the database
# @param user the user
# @param host where the user comes from
# @param allowed_hosts where else
# @param charset character set
# @param collate collation
class trove::db::mysql (
  $password,
  $dbname        = 'trove',
  $user          = 'trove',
  $host          = '127.0.0.1',
  $allowed_hosts = undef,
  $charset       = 'utf8mb3',
  $collate       = 'utf8mb3_general_ci',
) {
  include trove::deps

  $hosts = unique(delete_undef_values(flatten([$host, $allowed_hosts])))
  $hash = mysql::password($password)

  mysql_database { $dbname:
    ensure  => present,
    charset => $charset,
    collate => $collate,
    require => Anchor['trove::db::begin'],
  }

  $hosts.each |$from| {
    mysql_user { "${user}@${from}":
      ensure        => present,
      password_hash => $hash,
      require       => Mysql_database[$dbname],
    }
    -> mysql_grant { "${user}@${from}/${dbname}.*":
      ensure     => present,
      user       => "${user}@${from}",
      table      => "${dbname}.*",
      privileges => ['ALL'],
      before     => Anchor['trove::db::end'],
    }
  }
}
