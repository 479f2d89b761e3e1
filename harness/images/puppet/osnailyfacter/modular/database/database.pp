notice('MODULAR: database/database.pp')

# The image's database gets the passwords of this environment. (Galera is not here: the primary's database is the one
# that HAProxy leads to. Keystone's own database task is part of this one.)
$root_password = hiera_hash('mysql')['root_password']
$keystone_password = hiera_hash('keystone')['db_password']
$root_hash = mysql::password($root_password)
$keystone_hash = mysql::password($keystone_password)

file { '/root/.my.cnf':
  ensure  => file,
  owner   => 'root',
  group   => 'root',
  mode    => '0600',
  content => "[client]\nuser='root'\nhost='localhost'\npassword='${root_password}'\nsocket='/run/mysqld/mysqld.sock'\n",
}

# root still comes in through the socket, whatever the password: a password that changes can always be set again.
$statements = [
  "ALTER USER root@localhost IDENTIFIED VIA mysql_native_password USING '${root_hash}' OR unix_socket",
  "CREATE OR REPLACE USER keystone@'%' IDENTIFIED BY PASSWORD '${keystone_hash}'",
  "CREATE OR REPLACE USER keystone@localhost IDENTIFIED BY PASSWORD '${keystone_hash}'",
  "GRANT ALL ON keystone.* TO keystone@'%'",
  "GRANT ALL ON keystone.* TO keystone@localhost",
]
$known = "SELECT COUNT(*) = 3 FROM mysql.global_priv WHERE (User = 'root' AND Host = 'localhost' AND Priv LIKE '%${root_hash}%') OR (User = 'keystone' AND Priv LIKE '%${keystone_hash}%')"

exec { 'set database passwords':
  command  => "mysql --no-defaults --user=root -e \"${statements.join('; ')}\"",
  unless   => "mysql --no-defaults --user=root -BN -e \"${known}\" | grep -qx 1",
  path     => ['/usr/bin', '/bin'],
  provider => 'shell',
}
