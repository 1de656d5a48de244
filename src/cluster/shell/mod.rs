//! A small POSIX sh with its applets, as a resumable machine: the same in containers and around kubectl.
