//! Subnets, and which of them are free.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// An IPv4 subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet {
    address: u32,
    prefix: u8,
}

impl Subnet {
    /// The subnet that `address` lies in.
    ///
    /// Returns `None` for a prefix longer than 32.
    pub fn new(address: Ipv4Addr, prefix: u8) -> Option<Self> {
        (prefix <= 32).then(|| Self {
            address: u32::from(address) & mask(prefix),
            prefix,
        })
    }

    /// Host number `number` of this subnet: 2 of 10.20.0.0/24 is 10.20.0.2.
    pub fn host(&self, number: u32) -> Ipv4Addr {
        Ipv4Addr::from(self.address.wrapping_add(number & !mask(self.prefix)))
    }

    /// Length of the network part in bits.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether the two have an address in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        let shorter = mask(self.prefix.min(other.prefix));
        self.address & shorter == other.address & shorter
    }

    /// Whether `address` lies in it.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        u32::from(address) & mask(self.prefix) == self.address
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", Ipv4Addr::from(self.address), self.prefix)
    }
}

impl FromStr for Subnet {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = text.split_once('/').ok_or(())?;
        Self::new(address.parse().map_err(drop)?, prefix.parse().map_err(drop)?).ok_or(())
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

/// Where a network of the rig may lie: Fuel's own subnet first, then others of the same size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pool {
    first: [u8; 4],
    /// How far apart two candidates are in the third octet.
    step: u8,
}

/// The admin network; the master is its .2.
pub(crate) const ADMIN: Pool = Pool {
    first: [10, 20, 0, 0],
    step: 1,
};
/// The management network. Storage follows it in the numbering, so each takes every second subnet.
pub(crate) const MANAGEMENT: Pool = Pool {
    first: [192, 168, 0, 0],
    step: 2,
};
/// The storage network.
pub(crate) const STORAGE: Pool = Pool {
    first: [192, 168, 1, 0],
    step: 2,
};
/// The public network.
pub(crate) const PUBLIC: Pool = Pool {
    first: [172, 16, 0, 0],
    step: 1,
};

impl Pool {
    /// Every candidate, the preferred first.
    pub(crate) fn candidates(self) -> impl Iterator<Item = Subnet> {
        let [a, b, c, d] = self.first;
        (c..=u8::MAX).step_by(usize::from(self.step)).map(move |c| Subnet {
            address: u32::from(Ipv4Addr::new(a, b, c, d)),
            prefix: 24,
        })
    }

    /// The candidates that overlap with none of `taken`.
    pub(crate) fn free(self, taken: &[Subnet]) -> impl Iterator<Item = Subnet> {
        self.candidates()
            .filter(|candidate| !taken.iter().any(|taken| taken.overlaps(candidate)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn subnet(text: &str) -> Subnet {
        text.parse().unwrap()
    }

    #[rstest]
    #[case(&[], "10.20.0.0/24")]
    #[case(&["10.20.0.0/24"], "10.20.1.0/24")]
    #[case(&["10.20.0.0/16"], "none")]
    #[case(&["10.0.0.0/8"], "none")]
    #[case(&["10.20.0.128/25", "10.20.1.7/32"], "10.20.2.0/24")]
    #[case(&["192.168.0.0/16"], "10.20.0.0/24")]
    fn the_admin_network_takes_the_first_subnet_that_overlaps_with_nothing(
        #[case] taken: &[&str],
        #[case] expected: &str,
    ) {
        let taken: Vec<Subnet> = taken.iter().map(|text| subnet(text)).collect();
        let chosen = ADMIN
            .free(&taken)
            .next()
            .map_or_else(|| "none".to_owned(), |subnet| subnet.to_string());
        assert_eq!(chosen, expected);
    }

    #[test]
    fn management_and_storage_never_choose_the_same_subnet() {
        let storage: Vec<Subnet> = STORAGE.candidates().collect();
        assert!(MANAGEMENT.candidates().all(|subnet| !storage.contains(&subnet)));
    }

    #[test]
    fn the_master_is_the_second_host_of_the_admin_network() {
        assert_eq!(subnet("10.20.3.0/24").host(2), Ipv4Addr::new(10, 20, 3, 2));
    }

    proptest! {
        #[test]
        fn overlapping_is_symmetric_and_means_a_common_address(a: u32, b: u32, p in 0_u8..=32, q in 0_u8..=32) {
            let one = Subnet::new(Ipv4Addr::from(a), p).unwrap();
            let other = Subnet::new(Ipv4Addr::from(b), q).unwrap();
            prop_assert_eq!(one.overlaps(&other), other.overlaps(&one));
            let common = one.contains(other.host(0)) || other.contains(one.host(0));
            prop_assert_eq!(one.overlaps(&other), common);
        }

        #[test]
        fn a_subnet_survives_being_written(a: u32, p in 0_u8..=32) {
            let subnet = Subnet::new(Ipv4Addr::from(a), p).unwrap();
            prop_assert_eq!(subnet.to_string().parse(), Ok(subnet));
        }
    }
}
