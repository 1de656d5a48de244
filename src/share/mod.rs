//! The versioned link payload. Wire types live only here.
