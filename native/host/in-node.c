/*
 * Node in place of this program: where its script is, and whether both are of one version.
 *
 * The script is bin/dreamos.cjs of the package dreamos. From the real path of the program it is found
 *   beside it            installed over bin/dreamos;
 *   in ../../bin/        dist/native/dreamos of a checkout;
 *   in dreamos/bin/      of each folder node_modules above it: a platform package, hoisted, global, or in pnpm's store.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif
#include "host.h"

#define SCRIPT "dreamos.cjs"

/**
 * The folder of the program, without a slash at the end.
 * @return 0, or -1: nobody knows
 */
static int own_folder(char path[PATH_MAX])
{
    char *slash;
#ifdef __APPLE__
    char given[PATH_MAX];
    uint32_t size = sizeof given;

    if (_NSGetExecutablePath(given, &size) != 0 || !realpath(given, path))
        return -1;
#else
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

    if (length <= 0)
        return -1;
    path[length] = 0;
#endif
    slash = strrchr(path, '/');
    if (!slash)
        return -1;
    *slash = 0;
    return 0;
}

/** @return whether `<folder><rest>` is a file that can be read, and its path in `script` */
static int is_script(char script[PATH_MAX], const char *folder, const char *rest)
{
    int length = snprintf(script, PATH_MAX, "%s%s", folder, rest);

    return length > 0 && length < PATH_MAX && access(script, R_OK) == 0;
}

/** @return 0 and its path, or -1: there is none */
static int find_script(char script[PATH_MAX])
{
    static const char modules[] = "/node_modules";
    char folder[PATH_MAX];
    char *slash;

    if (own_folder(folder) < 0)
        return -1;
    if (is_script(script, folder, "/" SCRIPT) || is_script(script, folder, "/../../bin/" SCRIPT))
        return 0;
    while ((slash = strrchr(folder, '/'))) {
        if (strcmp(slash, modules) == 0 && is_script(script, folder, "/dreamos/bin/" SCRIPT))
            return 0;
        *slash = 0;
    }
    return -1;
}

int is_of_another_version(void)
{
    /* As npm writes it; a package.json that cannot be read, or says it in another way, is not ours. */
    static const char wanted[] = "\"version\": \"" DREAMOS_VERSION "\"";
    char script[PATH_MAX], file[PATH_MAX], text[8192];
    const char *given = getenv("DREAMOS_NODE_SCRIPT");
    ssize_t length;
    int fd;

    if ((given && *given) || find_script(script) < 0)
        return 0;
    script[strlen(script) - strlen(SCRIPT)] = 0;
    if (snprintf(file, sizeof file, "%s../package.json", script) >= (int)sizeof file)
        return 1;
    do
        fd = open(file, O_RDONLY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return 1;
    do
        length = read(fd, text, sizeof text - 1);
    while (length < 0 && errno == EINTR);
    close(fd);
    if (length < 0)
        return 1;
    text[length] = 0;
    return !strstr(text, wanted);
}

void run_in_node(void)
{
    char script[PATH_MAX] = "";
    /* By which the tests see what it is left. */
    const char *given = getenv("DREAMOS_NODE_SCRIPT");
    char **words = calloc((size_t)host_argc + 2, sizeof *words);

    /* As a process that has not been touched: an ignored signal would stay so in Node. */
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    forget_signals();
    if (given && *given)
        snprintf(script, sizeof script, "%s", given);
    else if (find_script(script) < 0)
        script[0] = 0;
    if (access(script, R_OK) < 0) {
        fprintf(stderr, "Error: dreamos needs Node for this, and does not find the package dreamos of this version. Run the command dreamos of that package.\n");
        _exit(1);
    }
    if (!words) {
        fprintf(stderr, "dreamos: out of memory\n");
        _exit(1);
    }
    words[0] = "node";
    words[1] = script;
    for (int i = 1; i < host_argc; i++)
        words[i + 1] = host_argv[i];
    execvp("node", words);
    fprintf(stderr, "Error: dreamos needs Node for this, and there is no node on the PATH: %s\n", strerror(errno));
    _exit(127);
}
