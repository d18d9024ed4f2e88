//! The shared adapter layer: the contract, the durable steps, the one HTTP client, the one process runner, and one
//! file or folder per platform. Knows nothing of screens or tables.
