/// What has happened to the packets, and how much sound waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that came, whatever became of them.
    pub received: u64,
    /// Places that had no packet when their time had come.
    pub lost: u64,
    /// Of the lost ones: filled with something else than silence.
    pub concealed: u64,
    /// Of the concealed ones: from what the following packet carries of the one before it.
    pub repaired: u64,
    /// Packets that came when their place was past.
    pub late: u64,
    /// Packets that were there already.
    pub duplicate: u64,
    /// Packets that found no room.
    pub overflowed: u64,
    /// Packets that are no Opus, or no samples.
    pub damaged: u64,
    /// How often the sound ran out while more was to come.
    pub stalls: u64,
    /// Sound that waits now, in ms.
    pub depth: u32,
    /// The delay that the link needs now, in ms.
    pub target: u32,
}
