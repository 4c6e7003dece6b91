//! The sandbox as a stranger meets it: over HTTP, with a client that knows the platforms' documents and nothing of the
//! sandbox's code.

mod alipay;
mod callback;
mod envelope;
mod fault;
mod login;
mod mass;
mod prompt;
mod quota;
mod receiver;
mod send;
mod sms;
mod stranger;
mod template;
mod token;
mod value;
