//! What a server is started with.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use camino::Utf8PathBuf;

use crate::profile::Profile;

/// Everything that a [`Server`](crate::Server) needs to know before it starts.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which Fuel it behaves as.
    pub profile: Profile,
    /// Where installed plugins lie: `/var/www/nailgun/plugins` on a master.
    pub plugins_directory: Utf8PathBuf,
    /// Where the state is kept.
    pub database: Database,
    /// The address of the master that nodes use: it is in repository and rsync URLs.
    pub master_ip: IpAddr,
    /// The admin (PXE) network.
    pub admin_network: Network,
    /// Whether a token is asked for.
    pub authentication: Authentication,
    /// Where it listens; port 0 takes a free one, see [`Server::address`](crate::Server::address).
    pub listen: SocketAddr,
}

impl Config {
    /// Fuel's defaults for a master at 10.20.0.2: state in memory, no authentication, a free port of 127.0.0.1.
    pub fn new(profile: Profile, plugins_directory: impl Into<Utf8PathBuf>) -> Self {
        Self {
            profile,
            plugins_directory: plugins_directory.into(),
            database: Database::Memory,
            master_ip: IpAddr::V4(Ipv4Addr::new(10, 20, 0, 2)),
            admin_network: Network {
                address: Ipv4Addr::new(10, 20, 0, 0),
                prefix: 24,
            },
            authentication: Authentication::None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        }
    }
}

/// Where the state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// It ends with the server.
    Memory,
    /// An SQLite file, made when it is not there.
    File(Utf8PathBuf),
}

/// Whether a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// Everything is open.
    None,
    /// Nailgun's own fake Keystone: admin/admin, tokens that begin with `token`.
    Fake,
}

/// An IPv4 network in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The network's own address: host bits are zero.
    pub address: Ipv4Addr,
    /// Length of the mask, 0 to 32.
    pub prefix: u8,
}

impl Network {
    /// The address at `index` from the network's own; `None` outside the network.
    pub fn host(&self, index: u32) -> Option<Ipv4Addr> {
        let size = 1u64 << (32 - u32::from(self.prefix));
        (u64::from(index) < size).then(|| Ipv4Addr::from(u32::from(self.address) + index))
    }

    /// Whether `address` lies in it.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        u32::from(address) & self.mask_bits() == u32::from(self.address)
    }

    /// The mask in dotted form: `255.255.255.0`.
    pub fn netmask(&self) -> Ipv4Addr {
        Ipv4Addr::from(self.mask_bits())
    }

    /// The broadcast address.
    pub fn broadcast(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.address) | !self.mask_bits())
    }

    fn mask_bits(&self) -> u32 {
        u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let error = || NetworkError { text: text.to_owned() };
        let (address, prefix) = text.split_once('/').ok_or_else(error)?;
        let address: Ipv4Addr = address.parse().map_err(|_| error())?;
        let prefix: u8 = prefix.parse().map_err(|_| error())?;
        if prefix > 32 {
            return Err(error());
        }
        let mut network = Self { address, prefix };
        network.address = Ipv4Addr::from(u32::from(address) & network.mask_bits());
        Ok(network)
    }
}

/// A text that is no IPv4 network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an IPv4 network like 10.20.0.0/24")]
pub struct NetworkError {
    /// What was given.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_knows_its_mask_broadcast_and_hosts() {
        let network: Network = "192.168.0.77/24".parse().unwrap();
        assert_eq!(network.to_string(), "192.168.0.0/24");
        assert_eq!(network.netmask().to_string(), "255.255.255.0");
        assert_eq!(network.broadcast().to_string(), "192.168.0.255");
        assert_eq!(network.host(2).unwrap().to_string(), "192.168.0.2");
        assert_eq!(network.host(256), None);
        assert!(network.contains("192.168.0.200".parse().unwrap()));
        assert!(!network.contains("192.168.1.1".parse().unwrap()));
    }

    #[test]
    fn a_text_without_a_prefix_is_no_network() {
        assert_eq!(
            "10.20.0.0".parse::<Network>().unwrap_err().to_string(),
            "`10.20.0.0` is not an IPv4 network like 10.20.0.0/24"
        );
    }
}
