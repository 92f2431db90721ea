/* A disk that forgets in a power cut what wasn't synced, for programs that run with LD_PRELOAD.
 *
 * TORTURE_DISK   a folder. What is written to a database in it (*.db, *-wal, *-journal), and which of those
 *                were made or removed, is noted with what was there before until a sync makes it last.
 * TORTURE_UNDO   the folder for those notes: a file for each database file, and "names" for the folder.
 *
 * A file of notes begins with a 64-bit integer, the place where the notes end; so a note that a kill cut
 * short was never made. A note is three 64-bit integers (offset, length, the file's size before) and the
 * bytes that were there. A note of a name is 4 + 252 bytes: "made" or a number, and the name; under the
 * number what was removed goes on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 4096
#define NAME 252

struct note { int64_t offset, length, size; };
struct name { char how[4]; char name[NAME]; };

static const char *disk, *undo;
static int notes_of[FILES]; /* by file descriptor: 0 isn't watched, -1 the folder itself, else its notes */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static int (*real_unlink)(const char *);
static int (*real_fsync)(int);
static int (*real_ftruncate)(int, off_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);

__attribute__((constructor)) static void begin(void)
{
    real_open = dlsym(RTLD_NEXT, "open");
    real_close = dlsym(RTLD_NEXT, "close");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    real_write = dlsym(RTLD_NEXT, "write");
    disk = getenv("TORTURE_DISK");
    undo = getenv("TORTURE_UNDO");
}

/* What is noted and what is done are one step, for all processes; a lock ends with who held it. */
static int hold(void)
{
    static int file = -1;
    static pid_t owner;
    pthread_mutex_lock(&mutex);
    if (owner != getpid()) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/lock", undo);
        file = real_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        owner = getpid();
    }
    flock(file, LOCK_EX);
    return file;
}

static void let_go(int file)
{
    flock(file, LOCK_UN);
    pthread_mutex_unlock(&mutex);
}

static int notes_at(const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", undo, name);
    return real_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static void append(int notes, const void *head, size_t length, const void *rest, size_t more)
{
    int64_t end = sizeof end;
    if (pread(notes, &end, sizeof end, 0) != sizeof end)
        end = sizeof end;
    real_pwrite(notes, head, length, end);
    if (more)
        real_pwrite(notes, rest, more, end + (off_t)length);
    end += (int64_t)(length + more);
    real_pwrite(notes, &end, sizeof end, 0);
}

static void forget(int notes)
{
    int64_t end = sizeof end;
    real_pwrite(notes, &end, sizeof end, 0);
}

static void note_bytes(int file, off_t offset, size_t length)
{
    struct stat now;
    if (fstat(file, &now))
        return;
    struct note note = {offset, 0, now.st_size};
    if (offset < now.st_size)
        note.length = now.st_size - offset < (off_t)length ? now.st_size - offset : (off_t)length;
    char *before = malloc(note.length ? (size_t)note.length : 1);
    if (note.length && pread(file, before, (size_t)note.length, offset) != note.length)
        abort();
    append(notes_of[file], &note, sizeof note, before, (size_t)note.length);
    free(before);
}

static void note_name(const char *how, const char *name)
{
    struct name note = {{0}, {0}};
    memcpy(note.how, how, sizeof note.how);
    snprintf(note.name, sizeof note.name, "%s", name);
    int notes = notes_at("names");
    append(notes, &note, sizeof note, NULL, 0);
    real_close(notes);
}

/* Return the name of a file that is watched, an empty one for the folder, NULL for all others. */
static const char *watched(const char *path)
{
    size_t length = disk && undo ? strlen(disk) : 0;
    if (!length || strncmp(path, disk, length))
        return NULL;
    if (!path[length])
        return path + length;
    const char *name = path + length + 1;
    size_t size = strlen(name);
    if (path[length] != '/' || strchr(name, '/') || size >= NAME)
        return NULL;
    for (const char *const *end = (const char *const[]){".db", "-wal", "-journal", NULL}; *end; end++)
        if (size > strlen(*end) && !strcmp(name + size - strlen(*end), *end))
            return name;
    return NULL;
}

static int opened(const char *path, int flags, mode_t mode)
{
    const char *name = watched(path);
    if (!name)
        return real_open(path, flags, mode);
    int lock = hold();
    int is_new = (flags & O_CREAT) && access(path, F_OK);
    int file = real_open(path, flags, mode);
    if (file >= 0 && file < FILES) {
        notes_of[file] = *name ? notes_at(name) : -1;
        if (is_new && *name)
            note_name("made", name);
    }
    let_go(lock);
    return file;
}

#define OPEN(function)                                                                                      \
    int function(const char *path, int flags, ...)                                                          \
    {                                                                                                       \
        va_list more;                                                                                       \
        va_start(more, flags);                                                                              \
        mode_t mode = (flags & O_CREAT) ? (mode_t)va_arg(more, int) : 0;                                    \
        va_end(more);                                                                                       \
        return opened(path, flags, mode);                                                                   \
    }
OPEN(open)
OPEN(open64)

int close(int file)
{
    if (file >= 0 && file < FILES && notes_of[file]) {
        if (notes_of[file] > 0)
            real_close(notes_of[file]);
        notes_of[file] = 0;
    }
    return real_close(file);
}

static int is_watched(int file)
{
    return file >= 0 && file < FILES && notes_of[file] > 0;
}

static ssize_t written(int file, const void *bytes, size_t length, off_t offset)
{
    if (!is_watched(file))
        return real_pwrite(file, bytes, length, offset);
    int lock = hold();
    note_bytes(file, offset, length);
    ssize_t count = real_pwrite(file, bytes, length, offset);
    let_go(lock);
    return count;
}

#define PWRITE(function, place)                                                                             \
    ssize_t function(int file, const void *bytes, size_t length, place offset)                              \
    {                                                                                                       \
        return written(file, bytes, length, offset);                                                        \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int file, const void *bytes, size_t length)
{
    if (!is_watched(file))
        return real_write(file, bytes, length);
    int lock = hold();
    note_bytes(file, lseek(file, 0, SEEK_CUR), length);
    ssize_t count = real_write(file, bytes, length);
    let_go(lock);
    return count;
}

static int shortened(int file, off_t size)
{
    if (!is_watched(file))
        return real_ftruncate(file, size);
    int lock = hold();
    note_bytes(file, size, SSIZE_MAX);
    int failed = real_ftruncate(file, size);
    let_go(lock);
    return failed;
}

#define FTRUNCATE(function, place)                                                                          \
    int function(int file, place size)                                                                      \
    {                                                                                                       \
        return shortened(file, size);                                                                       \
    }
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

/* What was removed is gone for good once the folder is synced. */
static void forget_names(void)
{
    int notes = notes_at("names");
    struct name note;
    char path[PATH_MAX];
    int64_t end = 0;
    if (pread(notes, &end, sizeof end, 0) != sizeof end)
        end = 0;
    for (int64_t at = sizeof end; at < end; at += sizeof note) {
        if (pread(notes, &note, sizeof note, at) != sizeof note)
            abort();
        if (!memcmp(note.how, "made", sizeof note.how))
            continue;
        snprintf(path, sizeof path, "%s/removed-%.4s", disk, note.how);
        real_unlink(path);
        snprintf(path, sizeof path, "%s/removed-%.4s", undo, note.how);
        real_unlink(path);
    }
    forget(notes);
    real_close(notes);
}

static int synced(int file)
{
    if (file < 0 || file >= FILES || !notes_of[file])
        return real_fsync(file);
    int lock = hold();
    int failed = real_fsync(file);
    if (!failed && notes_of[file] > 0)
        forget(notes_of[file]);
    if (!failed && notes_of[file] < 0)
        forget_names();
    let_go(lock);
    return failed;
}

#define FSYNC(function)                                                                                     \
    int function(int file)                                                                                  \
    {                                                                                                       \
        return synced(file);                                                                                \
    }
FSYNC(fsync)
FSYNC(fdatasync)

/* What is removed goes on under a number until the folder is synced. */
int unlink(const char *path)
{
    const char *name = watched(path);
    if (!name || !*name || access(path, F_OK))
        return real_unlink(path);
    int lock = hold();
    char number[5] = "", kept[PATH_MAX], notes[PATH_MAX], before[PATH_MAX];
    for (int count = 0; count < 10000; count++) {
        snprintf(number, sizeof number, "%04d", count);
        snprintf(kept, sizeof kept, "%s/removed-%s", disk, number);
        if (access(kept, F_OK))
            break;
    }
    snprintf(before, sizeof before, "%s/%s", undo, name);
    snprintf(notes, sizeof notes, "%s/removed-%s", undo, number);
    int failed = rename(path, kept);
    rename(before, notes);
    note_name(number, name);
    let_go(lock);
    return failed;
}
