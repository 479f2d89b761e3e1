# Has one `puppet apply` carried out by the Puppet that is loaded already; by one of its own where there is none.
# Arguments: the socket of that, the two words by which the kernel starts Puppet's file, and the command.
require 'json'

begin
  socket = ARGV.shift
  started_as = ARGV.shift(2)
  connection = UNIXSocket.new(socket)
  [$stdin, $stdout, $stderr].each { |stream| connection.send_io(stream) }
  connection.write(JSON.generate(environment: ENV.to_h, directory: Dir.pwd, umask: File.umask, started_as: started_as,
                                 arguments: ARGV.drop(1)))
  connection.close_write
  code = connection.read
rescue SystemCallError
  code = ''
end
exec(*ARGV) if code.empty?
exit!(code.to_i)
