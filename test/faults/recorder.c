/*
 * Writes down, in order and with the data, everything a process does to the files below one folder, so that the states a power
 * cut could have left can be made from it. Preloaded (LD_PRELOAD) into Node: libuv's pool and SQLite both come through libc.
 *
 *   FAULTS_ROOT   the folder, absolute and without links; unset: nothing is recorded
 *   FAULTS_TRACE  the file the records are appended to
 *   FAULTS_MARKS  writes to this file become marks in the trace, in the same order
 *   FAULTS_SYNC   "skip": no sync reaches the disk. For folders that are thrown away, and ten times as fast
 *
 * One lock holds a call and its record together, so the order of the records is the order of the calls. A sync is two records,
 * before and after, and runs outside the lock: what is written meanwhile is not promised by it.
 * Not seen: memory mappings (SQLite's -shm, which it makes anew after a crash). test/faults/recorder.ts reads the format; a
 * replay of the whole trace that differs from the folder shows whatever else was missed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN = 1, WRITE, TRUNCATE, SYNC_BEGIN, SYNC_END, RENAME, LINK, UNLINK, MKDIR, ALLOCATE, MARK };

struct record {
  uint32_t op;
  int32_t fd;
  int64_t offset; /* of syncs: their number */
  int64_t length;
  uint32_t path, other, data; /* bytes of each that follow; a write without data is of zeros */
  uint32_t flags;
};

enum { MAX_FD = 65536 };
static struct { dev_t dev; ino_t ino; char mark; } followed[MAX_FD];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *marks;
static size_t rootLength;
static int trace = -1, skipSync;
static int64_t syncs;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) { fprintf(stderr, "recorder: libc has no %s\n", name); _exit(97); }
  return found;
}

__attribute__((constructor)) static void begin(void) {
  const char *sync = getenv("FAULTS_SYNC"), *file = getenv("FAULTS_TRACE");
  skipSync = sync && !strcmp(sync, "skip");
  if (!getenv("FAULTS_ROOT") || !file) return;
  marks = getenv("FAULTS_MARKS");
  trace = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (trace < 0) { perror("recorder: trace"); _exit(97); }
  root = getenv("FAULTS_ROOT");
  rootLength = strlen(root);
}

/* The path below the root, or NULL for what is not recorded. */
static const char *below(const char *path) {
  if (!root || !path || strncmp(path, root, rootLength)) return NULL;
  if (path[rootLength] == 0) return "";
  if (path[rootLength] != '/') return NULL;
  size_t length = strlen(path);
  return length > 4 && !strcmp(path + length - 4, "-shm") ? NULL : path + rootLength + 1;
}

static void put(struct record r, const char *path, const char *other, const void *data) {
  r.path = path ? strlen(path) : 0;
  r.other = other ? strlen(other) : 0;
  struct iovec parts[] = {
    { &r, sizeof r }, { (void *)path, r.path }, { (void *)other, r.other }, { (void *)data, r.data } };
  ssize_t length = sizeof r + r.path + r.other + r.data;
  if (syscall(SYS_writev, trace, parts, 4) != length) { perror("recorder: trace"); _exit(97); }
}

/* A descriptor can be closed and given out again unseen: it still has to be the file it was opened for. */
static int follows(int fd) {
  struct stat now;
  return root && fd >= 0 && fd < MAX_FD && followed[fd].ino && !fstat(fd, &now) && now.st_ino == followed[fd].ino &&
    now.st_dev == followed[fd].dev;
}

static int opened(int fd, const char *path, int flags) {
  if (fd < 0 || fd >= MAX_FD) return fd;
  struct stat now;
  int mark = marks && path && !strcmp(path, marks);
  followed[fd].ino = 0;
  if ((!mark && !below(path)) || fstat(fd, &now)) return fd;
  followed[fd].dev = now.st_dev;
  followed[fd].ino = now.st_ino;
  followed[fd].mark = mark;
  if (!mark) put((struct record){ .op = OPEN, .fd = fd, .flags = flags, .length = S_ISDIR(now.st_mode) }, below(path), NULL, NULL);
  return fd;
}

/* Descriptors outside the root are not held up: one of them may be a pipe that waits. */
#define OPENS(path, flags, call) \
  if (!root) return call; \
  if (!below(path)) { int other = call; opened(other, path, flags); return other; } \
  pthread_mutex_lock(&lock); \
  int fd = opened(call, path, flags), failed = errno; \
  pthread_mutex_unlock(&lock); \
  errno = failed; \
  return fd;
#define MODE(flags) mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }

int open(const char *path, int flags, ...) { MODE(flags) OPENS(path, flags, REAL(open)(path, flags, mode)) }
int open64(const char *path, int flags, ...) { MODE(flags) OPENS(path, flags, REAL(open64)(path, flags, mode)) }
int openat(int at, const char *path, int flags, ...) { MODE(flags) OPENS(path, flags, REAL(openat)(at, path, flags, mode)) }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) OPENS(path, flags, REAL(openat64)(at, path, flags, mode)) }
int creat(const char *path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

static int isZero(const char *bytes, size_t length) {
  return length > 0 && bytes[0] == 0 && !memcmp(bytes, bytes + 1, length - 1);
}

/* `done` bytes of the parts have gone to `offset`, or to before the file's position when that is -1. */
static void wrote(int fd, const struct iovec *parts, ssize_t done, off_t offset) {
  if (offset < 0) offset = lseek(fd, 0, SEEK_CUR) - done;
  for (ssize_t left = done; left > 0; parts++) {
    ssize_t length = (ssize_t)parts->iov_len < left ? (ssize_t)parts->iov_len : left;
    struct record r = { .op = followed[fd].mark ? MARK : WRITE, .fd = fd, .offset = offset, .length = length };
    r.data = r.op == WRITE && isZero(parts->iov_base, length) ? 0 : length;
    put(r, NULL, NULL, parts->iov_base);
    offset += length;
    left -= length;
  }
}

#define WRITES(parts, at, call) \
  if (!follows(fd)) return call; \
  pthread_mutex_lock(&lock); \
  ssize_t done = call; \
  int failed = errno; \
  if (done > 0) wrote(fd, parts, done, at); \
  pthread_mutex_unlock(&lock); \
  errno = failed; \
  return done;
#define ONE(bytes, length) (&(struct iovec){ (void *)(bytes), length })

ssize_t write(int fd, const void *bytes, size_t length) { WRITES(ONE(bytes, length), -1, REAL(write)(fd, bytes, length)) }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { WRITES(ONE(bytes, length), at, REAL(pwrite)(fd, bytes, length, at)) }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) { WRITES(ONE(bytes, length), at, REAL(pwrite64)(fd, bytes, length, at)) }
ssize_t writev(int fd, const struct iovec *parts, int n) { WRITES(parts, -1, REAL(writev)(fd, parts, n)) }
ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at) { WRITES(parts, at, REAL(pwritev)(fd, parts, n, at)) }
ssize_t pwritev64(int fd, const struct iovec *parts, int n, off_t at) { WRITES(parts, at, REAL(pwritev64)(fd, parts, n, at)) }

/* What the kernel copied by itself is read again from where it came. */
static void copied(int from, off_t at, int fd, off_t to, ssize_t done) {
  char *bytes = malloc(done);
  if (!bytes || pread(from, bytes, done, at) != done) { fprintf(stderr, "recorder: a copy cannot be read\n"); _exit(97); }
  wrote(fd, ONE(bytes, done), done, to);
  free(bytes);
}

#define COPIES(from, fromAt, fd, toAt, call) \
  if (!follows(fd)) return call; \
  pthread_mutex_lock(&lock); \
  off_t source = (fromAt) ? *(fromAt) : lseek(from, 0, SEEK_CUR), target = (toAt) ? *(toAt) : -1; \
  ssize_t done = call; \
  int failed = errno; \
  if (done > 0) copied(from, source, fd, target, done); \
  pthread_mutex_unlock(&lock); \
  errno = failed; \
  return done;

ssize_t sendfile(int fd, int from, off_t *at, size_t n) { COPIES(from, at, fd, (off_t *)NULL, REAL(sendfile)(fd, from, at, n)) }
ssize_t sendfile64(int fd, int from, off_t *at, size_t n) { COPIES(from, at, fd, (off_t *)NULL, REAL(sendfile64)(fd, from, at, n)) }
ssize_t copy_file_range(int from, off_t *fromAt, int fd, off_t *to, size_t n, unsigned flags) {
  COPIES(from, fromAt, fd, to, REAL(copy_file_range)(from, fromAt, fd, to, n, flags))
}

/* libuv asks for copy_file_range by its number. */
long syscall(long number, ...) {
  va_list more;
  va_start(more, number);
  long a = va_arg(more, long), b = va_arg(more, long), c = va_arg(more, long), d = va_arg(more, long), e = va_arg(more, long),
       f = va_arg(more, long);
  va_end(more);
  if (root && number == SYS_copy_file_range && follows(c)) return copy_file_range(a, (off_t *)b, c, (off_t *)d, e, f);
  static long (*pass)(long, ...);
  if (!pass) pass = (long (*)(long, ...))real("syscall");
  return pass(number, a, b, c, d, e, f);
}

#define CHANGES(condition, call, r, path, other) \
  if (!(condition)) return call; \
  pthread_mutex_lock(&lock); \
  int result = call, failed = errno; \
  if (result == 0) put((struct record)r, path, other, NULL); \
  pthread_mutex_unlock(&lock); \
  errno = failed; \
  return result;
#define RECORD(...) { __VA_ARGS__ }

int ftruncate(int fd, off_t to) { CHANGES(follows(fd), REAL(ftruncate)(fd, to), RECORD(.op = TRUNCATE, .fd = fd, .length = to), NULL, NULL) }
int ftruncate64(int fd, off_t to) { CHANGES(follows(fd), REAL(ftruncate64)(fd, to), RECORD(.op = TRUNCATE, .fd = fd, .length = to), NULL, NULL) }
int truncate(const char *path, off_t to) { CHANGES(below(path), REAL(truncate)(path, to), RECORD(.op = TRUNCATE, .fd = -1, .length = to), below(path), NULL) }
int fallocate(int fd, int how, off_t at, off_t n) { CHANGES(follows(fd), REAL(fallocate)(fd, how, at, n), RECORD(.op = ALLOCATE, .fd = fd, .offset = at, .length = n, .flags = how), NULL, NULL) }
int posix_fallocate(int fd, off_t at, off_t n) { CHANGES(follows(fd), REAL(posix_fallocate)(fd, at, n), RECORD(.op = ALLOCATE, .fd = fd, .offset = at, .length = n), NULL, NULL) }
int rename(const char *path, const char *to) { CHANGES(below(path), REAL(rename)(path, to), RECORD(.op = RENAME), below(path), below(to)) }
int link(const char *path, const char *to) { CHANGES(below(path), REAL(link)(path, to), RECORD(.op = LINK), below(path), below(to)) }
int unlink(const char *path) { CHANGES(below(path), REAL(unlink)(path), RECORD(.op = UNLINK), below(path), NULL) }
int unlinkat(int at, const char *path, int flags) { CHANGES(below(path), REAL(unlinkat)(at, path, flags), RECORD(.op = UNLINK), below(path), NULL) }
int remove(const char *path) { CHANGES(below(path), REAL(remove)(path), RECORD(.op = UNLINK), below(path), NULL) }
int rmdir(const char *path) { CHANGES(below(path), REAL(rmdir)(path), RECORD(.op = UNLINK), below(path), NULL) }
int mkdir(const char *path, mode_t mode) { CHANGES(below(path), REAL(mkdir)(path, mode), RECORD(.op = MKDIR), below(path), NULL) }

#define SYNCS(call) \
  if (!follows(fd)) return skipSync ? 0 : call; \
  pthread_mutex_lock(&lock); \
  struct record r = { .op = SYNC_BEGIN, .fd = fd, .offset = ++syncs }; \
  put(r, NULL, NULL, NULL); \
  pthread_mutex_unlock(&lock); \
  int result = skipSync ? 0 : call, failed = errno; \
  pthread_mutex_lock(&lock); \
  r.op = SYNC_END; \
  if (result == 0) put(r, NULL, NULL, NULL); \
  pthread_mutex_unlock(&lock); \
  errno = failed; \
  return result;

int fsync(int fd) { SYNCS(REAL(fsync)(fd)) }
int fdatasync(int fd) { SYNCS(REAL(fdatasync)(fd)) }

/* A life ends between two calls, never between a call and its record: the folder must equal a replay. */
int kill(pid_t pid, int signal) {
  if (root && signal == SIGKILL && pid == getpid()) pthread_mutex_lock(&lock);
  return REAL(kill)(pid, signal);
}
