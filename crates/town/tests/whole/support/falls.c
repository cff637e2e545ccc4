/* Lies under a real process, between it and the machine, and lets it fall at the N-th thing that it does to the world: a write to one of its files, a flush, a
 * name that changes, words to its relay, to its database or to a browser. Loaded by the tests alone (LD_PRELOAD); the program knows nothing of it. It refuses
 * to know what is in a file; of what is said to PostgreSQL it looks for the one word `commit`, because all before it leaves nothing behind.
 *
 * FALLS_FOLDER what counts as a file of the program; FALLS_ARMED counting begins when this file is there; FALLS_AT which one, from 1; FALLS_HOW kill, eio, full or
 * short; FALLS_LOG one line for each that was counted; FALLS_RELAY, FALLS_BASE, FALLS_DOOR ports of the relay, of PostgreSQL and of the house itself. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { GOES_ON, FAILS_WITH_EIO, FAILS_WITH_ENOSPC, WRITES_HALF };

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static long counted;
/* How many writes went into the write-ahead log of SQLite since it was flushed: the first, the third and the flush are what can be told apart. */
static long in_wal;

static const char *setting(const char *name) { const char *is = getenv(name); return is ? is : ""; }
static int port(const char *name) { return atoi(setting(name)); }

static int armed(void) {
  struct stat there;
  const char *file = getenv("FALLS_ARMED");
  return file && stat(file, &there) == 0;
}

/* Counts one, writes down what it is, and says what is to become of it. A process that dies here does not come back. */
static int comes(const char *what, const char *more, size_t length, int is_file) {
  char line[256];
  int at = snprintf(line, sizeof line, "%ld %s ", ++counted, what);
  for (size_t i = 0; i < length && i < 60 && at < (int)sizeof line - 2; i++) {
    if (more[i] < ' ' || more[i] > '~') break;
    line[at++] = more[i];
  }
  line[at++] = '\n';
  int log = syscall(SYS_openat, AT_FDCWD, setting("FALLS_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (log >= 0) { syscall(SYS_write, log, line, at); syscall(SYS_close, log); }
  if (counted != atol(setting("FALLS_AT"))) return GOES_ON;
  const char *how = setting("FALLS_HOW");
  if (strcmp(how, "kill") == 0) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
  }
  if (!is_file) return GOES_ON;
  if (strcmp(how, "full") == 0) return FAILS_WITH_ENOSPC;
  if (strcmp(how, "short") == 0) return WRITES_HALF;
  return FAILS_WITH_EIO;
}

static int file_comes(const char *deed, const char *path, int is_write, int is_flush) {
  const char *folder = getenv("FALLS_FOLDER");
  if (!folder || strncmp(path, folder, strlen(folder)) != 0) return GOES_ON;
  /* The clock that a test moves is none of the program's files. Shared memory is made anew after a crash. */
  if (strstr(path, "town.") || strstr(path, "-shm")) return GOES_ON;
  char what[200];
  const char *name = path + strlen(folder);
  int wal = strstr(path, "-wal") != NULL;
  if (wal && is_flush) in_wal = 0;
  if (wal && is_write && ++in_wal != 1 && in_wal != 3) return GOES_ON;
  snprintf(what, sizeof what, "%s %s", deed, *name == '/' ? name + 1 : name);
  return comes(what, "", 0, 1);
}

static int on(int fd, const char *deed, int is_write, int is_flush, const char *bytes, size_t length) {
  struct stat is;
  if (!armed() || fstat(fd, &is) != 0) return GOES_ON;
  int becomes = GOES_ON;
  pthread_mutex_lock(&one);
  if (S_ISREG(is.st_mode) || S_ISDIR(is.st_mode)) {
    char link[64], path[1024];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t long_ = readlink(link, path, sizeof path - 1);
    if (long_ > 0) { path[long_] = 0; becomes = file_comes(deed, path, is_write, is_flush); }
  } else if (S_ISSOCK(is.st_mode) && is_write) {
    struct sockaddr_in here = {0}, there = {0};
    socklen_t a = sizeof here, b = sizeof there;
    if (getsockname(fd, (void *)&here, &a) == 0 && getpeername(fd, (void *)&there, &b) == 0 && there.sin_family == AF_INET) {
      if (ntohs(there.sin_port) == port("FALLS_RELAY")) {
        becomes = comes("relay", bytes, length, 0);
      } else if (ntohs(there.sin_port) == port("FALLS_BASE")) {
        if (memmem(bytes, length, "commit\0", 7)) becomes = comes("commit", "", 0, 0);
      } else if (ntohs(here.sin_port) == port("FALLS_DOOR")) {
        becomes = comes("answer", bytes, length, 0);
      }
    }
  }
  pthread_mutex_unlock(&one);
  return becomes;
}

static int named(const char *deed, const char *path) {
  if (!armed()) return GOES_ON;
  pthread_mutex_lock(&one);
  int becomes = file_comes(deed, path, 0, 0);
  pthread_mutex_unlock(&one);
  return becomes;
}

static int fails(int becomes) {
  errno = becomes == FAILS_WITH_ENOSPC ? ENOSPC : EIO;
  return -1;
}

#define REAL(kind, name, ...) ((kind (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

ssize_t write(int fd, const void *bytes, size_t length) {
  int becomes = on(fd, "write", 1, 0, bytes, length);
  if (becomes == WRITES_HALF) { (void)!syscall(SYS_write, fd, bytes, length / 2); return fails(becomes); }
  if (becomes != GOES_ON) return fails(becomes);
  return syscall(SYS_write, fd, bytes, length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  int becomes = on(fd, "write", 1, 0, bytes, length);
  if (becomes == WRITES_HALF) { (void)!syscall(SYS_pwrite64, fd, bytes, length / 2, at); return fails(becomes); }
  if (becomes != GOES_ON) return fails(becomes);
  return syscall(SYS_pwrite64, fd, bytes, length, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
  int becomes = on(fd, "write", 1, 0, count ? parts[0].iov_base : "", count ? parts[0].iov_len : 0);
  if (becomes != GOES_ON) return fails(becomes);
  return syscall(SYS_writev, fd, parts, count);
}

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
  on(fd, "send", 1, 0, bytes, length);
  return syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  on(fd, "send", 1, 0, message->msg_iovlen ? message->msg_iov[0].iov_base : "", message->msg_iovlen ? message->msg_iov[0].iov_len : 0);
  return syscall(SYS_sendmsg, fd, message, flags);
}

int fsync(int fd) {
  int becomes = on(fd, "flush", 0, 1, "", 0);
  return becomes == GOES_ON ? syscall(SYS_fsync, fd) : fails(becomes);
}

int fdatasync(int fd) {
  int becomes = on(fd, "flush", 0, 1, "", 0);
  return becomes == GOES_ON ? syscall(SYS_fdatasync, fd) : fails(becomes);
}

int ftruncate64(int fd, off64_t length) {
  int becomes = on(fd, "cut", 0, 0, "", 0);
  return becomes == GOES_ON ? syscall(SYS_ftruncate, fd, length) : fails(becomes);
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int rename(const char *from, const char *to) {
  int becomes = named("rename", to);
  return becomes == GOES_ON ? REAL(int, "rename", const char *, const char *)(from, to) : fails(becomes);
}

int link(const char *from, const char *to) {
  int becomes = named("link", to);
  return becomes == GOES_ON ? REAL(int, "link", const char *, const char *)(from, to) : fails(becomes);
}

int unlink(const char *path) {
  int becomes = named("remove", path);
  return becomes == GOES_ON ? REAL(int, "unlink", const char *)(path) : fails(becomes);
}
