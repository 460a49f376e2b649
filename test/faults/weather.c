/*
 * Bad weather for a process: preloaded, it holds back syncs or fails them, lets the disk be full for SQLite's write-ahead log alone
 * or refuse all writing below WEATHER_FOLDER, and moves the clock on the wall. A file in WEATHER, mapped, says how (weather.ts has
 * its layout), at any moment.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct weather {
  int64_t sync_delay_ms, wal_full, clock_seconds, syncs_held, writes_refused, sync_errno, write_errno, syncs_failed;
};
static struct weather calm;
static volatile struct weather *weather = &calm;

static const char *folder;

static int (*real_fdatasync)(int);
static int (*real_fsync)(int);
static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_mkdir)(const char *, mode_t);
static int (*real_ftruncate)(int, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_gettimeofday)(struct timeval *, void *);

__attribute__((constructor)) static void begin(void) {
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_pwritev = dlsym(RTLD_NEXT, "pwritev64");
  real_open = dlsym(RTLD_NEXT, "open64");
  real_openat = dlsym(RTLD_NEXT, "openat64");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_mkdir = dlsym(RTLD_NEXT, "mkdir");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  real_gettimeofday = dlsym(RTLD_NEXT, "gettimeofday");
  folder = getenv("WEATHER_FOLDER");
  const char *path = getenv("WEATHER");
  int file = path ? open(path, O_RDWR) : -1;
  if (file < 0) return;
  void *mapped = mmap(0, sizeof *weather, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) weather = mapped;
}

/* What a descriptor is open on; empty where it has no path. */
static const char *pathOf(int fd, char path[4096]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, 4095);
  path[length > 0 ? length : 0] = 0;
  return path;
}

static int below(const char *path) {
  size_t length = folder ? strlen(folder) : 0;
  return length > 0 && strncmp(path, folder, length) == 0 && path[length] == '/';
}

static int count(volatile int64_t *counter, int error) {
  __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
  errno = error;
  return 1;
}

static int syncFails(int fd) {
  char path[4096];
  if (weather->sync_errno && below(pathOf(fd, path))) return count(&weather->syncs_failed, weather->sync_errno);
  int64_t ms = weather->sync_delay_ms;
  if (ms <= 0) return 0;
  __atomic_add_fetch(&weather->syncs_held, 1, __ATOMIC_RELAXED);
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, 0);
  return 0;
}

int fdatasync(int fd) { return syncFails(fd) ? -1 : real_fdatasync(fd); }
int fsync(int fd) { return syncFails(fd) ? -1 : real_fsync(fd); }

static int refusedPath(const char *path) {
  return weather->write_errno && below(path) && count(&weather->writes_refused, weather->write_errno);
}

static int refused(int fd) {
  char path[4096];
  if (weather->write_errno) return refusedPath(pathOf(fd, path));
  if (!weather->wal_full) return 0;
  size_t length = strlen(pathOf(fd, path));
  if (length < 4 || strcmp(path + length - 4, "-wal") != 0) return 0;
  return count(&weather->writes_refused, ENOSPC);
}

ssize_t write(int fd, const void *bytes, size_t n) { return refused(fd) ? -1 : real_write(fd, bytes, n); }
ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at) { return refused(fd) ? -1 : real_pwrite(fd, bytes, n, at); }
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) { return refused(fd) ? -1 : real_pwrite(fd, bytes, n, at); }
ssize_t writev(int fd, const struct iovec *parts, int n) { return refused(fd) ? -1 : real_writev(fd, parts, n); }
ssize_t pwritev64(int fd, const struct iovec *parts, int n, off_t at) {
  return refused(fd) ? -1 : real_pwritev(fd, parts, n, at);
}
ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at) {
  return refused(fd) ? -1 : real_pwritev(fd, parts, n, at);
}
int ftruncate(int fd, off_t to) { return refused(fd) ? -1 : real_ftruncate(fd, to); }
int ftruncate64(int fd, off_t to) { return refused(fd) ? -1 : real_ftruncate(fd, to); }
int rename(const char *from, const char *to) { return refusedPath(from) ? -1 : real_rename(from, to); }
int unlink(const char *path) { return refusedPath(path) ? -1 : real_unlink(path); }
int mkdir(const char *path, mode_t mode) { return refusedPath(path) ? -1 : real_mkdir(path, mode); }

#define MODE(flags)                                     \
  va_list rest;                                         \
  va_start(rest, flags);                                \
  mode_t mode = flags & O_CREAT ? va_arg(rest, int) : 0; \
  va_end(rest);
#define WRITING(flags) (((flags) & O_ACCMODE) != O_RDONLY || ((flags) & O_CREAT))
#define OPENS(call) return WRITING(flags) && refusedPath(path) ? -1 : call;
int open(const char *path, int flags, ...) { MODE(flags) OPENS(real_open(path, flags, mode)) }
int open64(const char *path, int flags, ...) { MODE(flags) OPENS(real_open(path, flags, mode)) }
int openat(int at, const char *path, int flags, ...) { MODE(flags) OPENS(real_openat(at, path, flags, mode)) }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) OPENS(real_openat(at, path, flags, mode)) }

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = real_clock_gettime(clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += weather->clock_seconds;
  return result;
}

int gettimeofday(struct timeval *time, void *zone) {
  int result = real_gettimeofday(time, zone);
  if (result == 0 && time) time->tv_sec += weather->clock_seconds;
  return result;
}
