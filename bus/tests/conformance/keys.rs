//! Throw-away nkeys, tokens and certificates, made when a test runs.

use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::Command;

/// What a key is for: the first letter of its public text.
#[derive(Clone, Copy)]
pub enum Role {
    Operator = 14,
    Account = 0,
    User = 20,
}

/// An nkey.
pub struct Nkey {
    key: SigningKey,
    role: Role,
}

impl Nkey {
    /// The key of a name; another one in each folder.
    pub fn of(name: &str, role: Role, folder: &Path) -> Self {
        let text = format!("{}{name}", folder.display());
        let key = SigningKey::from_bytes(&Sha256::digest(text).into());
        Self { key, role }
    }

    /// `U…`, `A…`, `O…`.
    pub fn public(&self) -> String {
        let mut bytes = vec![(self.role as u8) << 3];
        bytes.extend(self.key.verifying_key().to_bytes());
        checked(bytes)
    }

    /// `SU…`, `SA…`, `SO…`.
    pub fn seed(&self) -> String {
        let (seed, role) = (18_u8 << 3, (self.role as u8) << 3);
        let mut bytes = vec![seed | (role >> 5), (role & 31) << 3];
        bytes.extend(self.key.to_bytes());
        checked(bytes)
    }

    /// A token about `subject`, signed by this key; `nats` is the part that says what it may do.
    pub fn token(&self, subject: &Self, nats: &str) -> String {
        let header = base64(br#"{"typ":"JWT","alg":"ed25519-nkey"}"#);
        let (issuer, subject) = (self.public(), subject.public());
        let claims = format!(
            r#"{{"jti":"test","iat":1785542400,"iss":"{issuer}","sub":"{subject}","name":"test","nats":{nats}}}"#
        );
        let signed = format!("{header}.{}", base64(claims.as_bytes()));
        let signature = base64(&self.key.sign(signed.as_bytes()).to_bytes());
        format!("{signed}.{signature}")
    }
}

fn checked(mut bytes: Vec<u8>) -> String {
    let crc = crc16(&bytes);
    bytes.extend(crc.to_le_bytes());
    grouped(&bytes, 5, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
}

fn base64(bytes: &[u8]) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    grouped(bytes, 6, digits)
}

/// `bits` bits a digit, without padding.
fn grouped(bytes: &[u8], bits: u32, digits: &[u8]) -> String {
    let (mut text, mut held, mut count) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        count += 8;
        while count >= bits {
            count -= bits;
            text.push(char::from(digits[(held >> count) as usize]));
            held &= (1 << count) - 1;
        }
    }
    if count > 0 {
        text.push(char::from(digits[(held << (bits - count)) as usize]));
    }
    text
}

/// CRC-16 as XMODEM has it.
fn crc16(bytes: &[u8]) -> u16 {
    let mut crc = 0_u16;
    for byte in bytes {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x1021
            };
        }
    }
    crc
}

/// Makes `ca.pem`, and `<name>.pem` with `<name>.key` for each name, all for localhost. False without `openssl`.
pub fn certificates(folder: &Path, names: &[&str]) -> bool {
    let made = |args: &[&str]| {
        let key = [
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ];
        let output = Command::new("openssl")
            .current_dir(folder)
            .args(["req", "-x509", "-days", "2"])
            .args(key)
            .args(args)
            .output();
        output.is_ok_and(|o| o.status.success())
    };
    let ca = [
        "-subj",
        "/CN=test ca",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
    ];
    made(&ca)
        && names.iter().all(|name| {
            let (key, pem) = (format!("{name}.key"), format!("{name}.pem"));
            made(&[
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-addext",
                "basicConstraints=critical,CA:FALSE",
                "-keyout",
                &key,
                "-out",
                &pem,
            ])
        })
}
