# Has one `puppet apply` carried out by the Puppet that is loaded already; by one of its own where there is none.
# Arguments: the socket of that, and those of `puppet`.
require 'json'

begin
  connection = UNIXSocket.new(ARGV.shift)
  [$stdin, $stdout, $stderr].each { |stream| connection.send_io(stream) }
  connection.write(JSON.generate(environment: ENV.to_h, directory: Dir.pwd, umask: File.umask, arguments: ARGV))
  connection.close_write
  code = connection.read
rescue SystemCallError
  code = ''
end
exec('puppet', *ARGV) if code.empty?
exit!(code.to_i)
