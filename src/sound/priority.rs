//! Real-time scheduling for the two sound threads.

/// Low among real-time priorities: the kernel's own interrupt threads run at 50.
const PRIORITY: libc::c_int = 10;

/// Asks the kernel to run this thread before ordinary ones. Without the right to it (`LimitRTPRIO=` of the unit, or
/// root) the thread stays an ordinary one, which is enough on an idle machine; so it is not an error.
///
/// Threads and programs that this one starts don't inherit it.
pub(super) fn raise() {
    // SAFETY: a plain structure of numbers for which all zeros is valid.
    let mut wanted: libc::sched_param = unsafe { std::mem::zeroed() };
    wanted.sched_priority = PRIORITY;
    // SAFETY: 0 is the calling thread; the structure outlives the call.
    let _ = unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &raw const wanted) };
}
