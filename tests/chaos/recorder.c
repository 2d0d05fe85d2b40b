/* Notes what a process writes to the files of a folder, and what it forces to the disk, in the order of it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int out = -1;
static int asked;

struct note { char kind; char pad[7]; int64_t inode; int64_t offset; int64_t length; double at; };

static int ready(void) {
    if (!asked) {
        const char *name = getenv("CHAOS_RECORD");
        if (name) { out = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600); asked = 1; }
    }
    return out >= 0;
}

static int ours(int fd, struct stat *found, char *kind) {
    char link[64], path[PATH_MAX];
    if (!ready() || fd == out || fstat(fd, found) || !S_ISREG(found->st_mode)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    if (strstr(path, ".sqlite3-wal")) *kind = 'w';
    else if (n > 8 && !strcmp(path + n - 8, ".sqlite3")) *kind = 'd';
    else return 0;
    return 1;
}

static void note(char what, int fd, const void *data, int64_t length, int64_t offset) {
    static ssize_t (*real)(int, const void *, size_t);
    struct stat found; struct timespec now; struct note made; char kind;
    if (!real) real = dlsym(RTLD_NEXT, "write");
    if (!ours(fd, &found, &kind)) return;
    memset(&made, 0, sizeof made);
    clock_gettime(CLOCK_MONOTONIC, &now);
    made.kind = what; made.pad[0] = kind; made.inode = found.st_ino; made.offset = offset; made.length = length;
    made.at = now.tv_sec + now.tv_nsec / 1e9;
    pthread_mutex_lock(&lock);
    if (real(out, &made, sizeof made) != sizeof made || (data && real(out, data, length) != length)) abort();
    pthread_mutex_unlock(&lock);
}

#define PWRITE(name) \
    ssize_t name(int fd, const void *data, size_t length, off_t offset) { \
        static ssize_t (*real)(int, const void *, size_t, off_t); \
        if (!real) real = dlsym(RTLD_NEXT, #name); \
        ssize_t done = real(fd, data, length, offset); \
        if (done > 0) note('W', fd, data, done, offset); \
        return done; \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int fd, const void *data, size_t length) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    off_t offset = out >= 0 && fd != out ? lseek(fd, 0, SEEK_CUR) : -1;
    ssize_t done = real(fd, data, length);
    if (done > 0 && offset >= 0) note('W', fd, data, done, offset);
    return done;
}

#define SYNC(name) \
    int name(int fd) { \
        static int (*real)(int); \
        if (!real) real = dlsym(RTLD_NEXT, #name); \
        note('B', fd, NULL, 0, 0); \
        int done = real(fd); \
        if (!done) note('S', fd, NULL, 0, 0); \
        return done; \
    }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name) \
    int name(int fd, off_t length) { \
        static int (*real)(int, off_t); \
        if (!real) real = dlsym(RTLD_NEXT, #name); \
        int done = real(fd, length); \
        if (!done) note('T', fd, NULL, 0, length); \
        return done; \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)
