# Puppet, loaded once and forked for every `puppet apply`: most of a short run is Ruby reading Puppet's files.
#
# Nothing is evaluated before the fork but Puppet's and Facter's own code: settings, facts, providers and catalogs are
# each run's own. What a run sees of its process (environment, also in /proc, session, name, working directory, open
# files) is what a `puppet apply` of its own would have.
require 'fileutils'
require 'json'
require 'socket'

DIRECTORY, NAME = ARGV
# A run's marks are written over these, so that what ends a command by its mark finds the fork too.
ENVIRONMENT = File.binread('/proc/self/environ').freeze
ENVIRONMENT_START = File.binread('/proc/self/stat').rpartition(')').last.split[47].to_i

# What decides about Ruby's encodings is read when it starts.
LOCALE = ENV['LC_ALL']

FileUtils.mkdir_p(DIRECTORY, mode: 0o700)
path = "#{DIRECTORY}/socket"
FileUtils.rm_f(path)
# Listens before anything is loaded: a run that comes early waits no longer than it would for its own Puppet.
server = UNIXServer.new(path)
$0 = NAME
File.write('/proc/self/comm', NAME)

begin
  require 'puppet'
  require 'puppet/util/command_line'
  require 'puppet/application/apply'
  require 'puppet/configurer'
rescue LoadError => error
  FileUtils.rm_f(path)
  abort "Puppet cannot be loaded: #{error.message}"
end
# What nearly every catalog needs; another version may not have all of them.
%w[puppet/pops puppet/parser puppet/node puppet/transaction puppet/type/component puppet/type/exec puppet/type/file
   puppet/type/filebucket puppet/type/group puppet/type/notify puppet/type/schedule puppet/type/service
   puppet/type/stage puppet/type/user puppet/type/whit facter].each do |feature|
  begin
    require feature
  rescue LoadError
    next
  end
end
GC.start

# The code that was loaded, to notice when a package brings another one.
CODE = %w[puppet.rb puppet/version.rb facter.rb].flat_map { |name| $LOADED_FEATURES.grep(%r{/#{name}\z}) }.uniq.freeze

def version_of_code
  CODE.map { |file| File.stat(file).then { |stat| [stat.ino, stat.size, stat.ctime] } }
rescue SystemCallError
  nil
end

# The environment that /proc shows is the memory that the process was started with.
def show_environment(variables)
  shown = ENVIRONMENT.gsub(/(?<=\A|\0)(FUELRIG_\w+)=([^\0]*)/n) do
    "#{$1}=#{variables.fetch($1, '').ljust($2.bytesize, '-')[0, $2.bytesize]}"
  end
  File.open('/proc/self/mem', 'r+b') do |memory|
    memory.seek(ENVIRONMENT_START)
    memory.write(shown)
  end
end

def become_puppet(request, streams)
  Process.setsid
  ENV.replace(request['environment'])
  Dir.chdir(request['directory'])
  File.umask(request['umask'])
  [$stdin, $stdout, $stderr].zip(streams) { |own, given| own.reopen(given) }
  streams.each(&:close)
  srand
  Gem.refresh if defined?(Gem)
  ARGV.replace(request['arguments'])
  # What Ruby loads before a program of its own.
  ENV['RUBYOPT'].to_s.scan(/(?:\A|\s)-r(\S+)/) { |(feature)| require feature }
  # Also clears the memory of the environment, so that comes after it.
  $0 = request['started_as'].last
  Process.setproctitle([*request['started_as'], *ARGV].join(' '))
  show_environment(request['environment'])
  File.write('/proc/self/comm', 'puppet')
  Puppet::Util::CommandLine.new('puppet', ARGV).execute
end

def serve(connection)
  streams = Array.new(3) { connection.recv_io }
  request = JSON.parse(connection.read)
  # Without an answer it starts a Puppet of its own.
  return unless request['environment']['LC_ALL'] == LOCALE

  child = fork do
    connection.close
    become_puppet(request, streams)
  end
  streams.each(&:close)
  _, status = Process.wait2(child)
  connection.write(status.exited? ? status.exitstatus : 128 + status.termsig)
end

loaded = version_of_code
loop do
  connection = server.accept
  if version_of_code != loaded
    FileUtils.rm_f(path)
    exit
  end
  handler = fork do
    server.close
    serve(connection)
  end
  connection.close
  Process.detach(handler)
end
