//! A soft authenticator: what a browser and a phone's chip answer to a WebAuthn ceremony, with knobs for what a thief would do.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Present and verified.
const USER: u8 = 0x01 | 0x04;
const WITH_CREDENTIAL: u8 = 0x40;

/// One key pair of one account.
pub struct Authenticator {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    user_handle: String,
    /// Rises with each signature; set back, it is what a copy of the chip would say.
    pub counter: u32,
    /// Where the browser is.
    pub origin: String,
    /// Without it nobody has shown finger, face or PIN.
    pub verifies_user: bool,
}

impl Authenticator {
    pub fn new(origin: &str, id: &[u8]) -> Self {
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key"),
            id: id.to_vec(),
            user_handle: String::new(),
            counter: 0,
            origin: origin.to_owned(),
            verifies_user: true,
        }
    }

    /// The answer to `navigator.credentials.create`.
    pub fn register(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        text(&options["user"]["id"]).clone_into(&mut self.user_handle);
        let client = self.client("webauthn.create", &options["challenge"]);
        let mut data = self.authenticator_data(text(&options["rp"]["id"]), WITH_CREDENTIAL);
        // No make, so that nobody is told which one it is.
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).expect("a short id").to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose_key());
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(data.len()).expect("short data").to_be_bytes());
        object.extend(data);
        self.credential(json!({ "attestationObject": encode(&object), "clientDataJSON": encode(&client) }))
    }

    /// The answer to `navigator.credentials.get`.
    pub fn sign(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        self.counter += 1;
        let client = self.client("webauthn.get", &options["challenge"]);
        let data = self.authenticator_data(text(&options["rpId"]), 0);
        let signed = [data.clone(), digest(&SHA256, &client).as_ref().to_vec()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        self.credential(json!({
            "authenticatorData": encode(&data), "clientDataJSON": encode(&client),
            "signature": encode(signature.as_ref()), "userHandle": self.user_handle,
        }))
    }

    fn credential(&self, response: Value) -> Value {
        let id = encode(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "extensions": {} })
    }

    fn client(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        let data = json!({
            "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    fn authenticator_data(&self, party: &str, flags: u8) -> Vec<u8> {
        let user = if self.verifies_user { USER } else { 0x01 };
        let mut data = digest(&SHA256, party.as_bytes()).as_ref().to_vec();
        data.push(flags | user);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// An elliptic key on P-256 for ES256, in CBOR.
    fn cose_key(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".as_slice(), x, b"\x22\x58\x20", y].concat()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text of the options")
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
