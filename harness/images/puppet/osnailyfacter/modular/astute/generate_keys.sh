#!/bin/sh
# Makes the keys of an environment on the master, each only where it is not there yet, so that every deployment
# copies the same ones to the nodes:
#
#   generate_keys.sh -i ENVIRONMENT -p DIRECTORY [-s 'SSH KEYS'] [-o 'SECRETS'] [-f 'FERNET KEYS']
set -eu
environment='' directory='' ssh='' secrets='' fernet=''
while getopts i:p:s:o:f: option; do
    case $option in
    i) environment=$OPTARG ;;
    p) directory=$OPTARG ;;
    s) ssh=$OPTARG ;;
    o) secrets=$OPTARG ;;
    f) fernet=$OPTARG ;;
    *) echo "usage: $0 -i ENVIRONMENT -p DIRECTORY [-s NAMES] [-o NAMES] [-f NAMES]" >&2; exit 2 ;;
    esac
done
: "${environment:?-i is missing}" "${directory:?-p is missing}"
umask 077
of_environment=${directory%/}/$environment
for name in $ssh; do
    mkdir -p "$of_environment/$name"
    [ -s "$of_environment/$name/$name" ] || ssh-keygen -q -b 2048 -t rsa -N '' -f "$of_environment/$name/$name"
done
random() { head -c "$1" /dev/urandom | base64; }
for name in $secrets; do
    mkdir -p "$of_environment/$name"
    [ -s "$of_environment/$name/$name.key" ] || random 741 >"$of_environment/$name/$name.key"
done
for name in $fernet; do
    mkdir -p "$of_environment/fernet-keys"
    [ -s "$of_environment/fernet-keys/$name" ] || random 32 | tr '+/' '-_' >"$of_environment/fernet-keys/$name"
done
