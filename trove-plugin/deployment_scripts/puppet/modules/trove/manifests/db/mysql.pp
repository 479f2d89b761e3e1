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
  # Where the services are in the same catalog the schema waits for its database. The phases themselves are not included:
  # their collectors make Puppet load every package and service provider, which a database does not need.
  Class['trove::db::mysql'] -> Anchor <| title == 'trove::dbsync::begin' |>

  $hosts = unique(delete_undef_values(flatten([$host, $allowed_hosts])))
  $hash = mysql::password($password)

  mysql_database { $dbname:
    ensure  => present,
    charset => $charset,
    collate => $collate,
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
    }
  }
}
