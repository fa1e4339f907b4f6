// How spoold's memory is kept: by jemalloc, to which this is all that needs saying.
//
// Most of what a server of messages does between two system calls is to make and free small objects, on one thread what
// another one made. And after a burst, be it of calls or of an attack, what was freed must go back to the kernel: the
// C library's malloc gives back only what is free at a heap's very end.

extern "C" {

// Read by the library when the process starts (its manual: "TUNING"). A thread of jemalloc's own gives back what is
// free, by and by within some five seconds (large pieces at once); what a busy server uses again meanwhile is left to
// it.
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:5000,muzzy_decay_ms:0";

}  // extern "C"
