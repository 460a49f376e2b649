/*
 * Bad weather for a process: preloaded, it holds back syncs, lets the disk be full for SQLite's write-ahead log alone, and moves
 * the clock on the wall. A file in WEATHER, mapped, says how (weather.ts has its layout), at any moment.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct weather {
  int64_t sync_delay_ms, wal_full, clock_seconds, syncs_held, writes_refused;
};
static struct weather calm;
static volatile struct weather *weather = &calm;

static int (*real_fdatasync)(int);
static int (*real_fsync)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_gettimeofday)(struct timeval *, void *);

__attribute__((constructor)) static void begin(void) {
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  real_gettimeofday = dlsym(RTLD_NEXT, "gettimeofday");
  const char *path = getenv("WEATHER");
  int file = path ? open(path, O_RDWR) : -1;
  if (file < 0) return;
  void *mapped = mmap(0, sizeof *weather, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) weather = mapped;
}

static void hold(void) {
  int64_t ms = weather->sync_delay_ms;
  if (ms <= 0) return;
  __atomic_add_fetch(&weather->syncs_held, 1, __ATOMIC_RELAXED);
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, 0);
}

int fdatasync(int fd) {
  hold();
  return real_fdatasync(fd);
}

int fsync(int fd) {
  hold();
  return real_fsync(fd);
}

static int refused(int fd) {
  if (!weather->wal_full) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path);
  if (length < 4 || memcmp(path + length - 4, "-wal", 4) != 0) return 0;
  __atomic_add_fetch(&weather->writes_refused, 1, __ATOMIC_RELAXED);
  errno = ENOSPC;
  return 1;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  return refused(fd) ? -1 : real_write(fd, bytes, length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
  return refused(fd) ? -1 : real_pwrite(fd, bytes, length, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
  return refused(fd) ? -1 : real_pwrite(fd, bytes, length, at);
}

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
