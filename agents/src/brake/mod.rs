//! The kill switch beside the loop: is a new step allowed at this very moment?
//!
//! The loop handles one message after the other, and a run of several steps is part of handling one. So the switch is
//! asked where the driver is called: it is pressed by a message that a listener of its own hears, or by a file that anybody
//! can write on the same machine. Both last: the file outlives the process, and the journal has a record.

mod shell;

pub use shell::{Brake, BrakeError, read_file, write_file};
