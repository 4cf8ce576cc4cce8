/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target over its seeds without a fuzzer: every file named, and
 * every file in each directory named. A target that was linked with no seeds
 * proves nothing, so none at all is a failure.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

/* The bytes lie at the end of their memory, so that a read behind them is
 * seen by a sanitizer. */
static int
replay_file(const char *path, size_t size)
{
	uint8_t *bytes = malloc(size > 0 ? size : 1);
	FILE *file = fopen(path, "rb");
	int rc = -1;

	if (bytes == NULL || file == NULL)
		goto undo;
	if (fread(bytes, 1, size, file) != size)
		goto undo;
	LLVMFuzzerTestOneInput(bytes, size);
	replayed++;
	rc = 0;
undo:
	if (rc == -1)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (file)
		fclose(file);
	free(bytes);
	return rc;
}

static int
replay_entry(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	return replay_file(path, (size_t)st.st_size);
}

static int
replay_directory(const char *path, DIR *dir)
{
	const struct dirent *entry;
	int rc = 0;

	while ((entry = readdir(dir)) != NULL) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		rc |= replay_entry(name);
	}
	return rc;
}

int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	int rc = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);

		if (dir == NULL) {
			rc |= replay_entry(argv[i]);
			continue;
		}
		rc |= replay_directory(argv[i], dir);
		closedir(dir);
	}
	printf("%s: %u seeds replayed\n", slash ? slash + 1 : argv[0],
	       replayed);
	return rc != 0 || replayed == 0;
}
